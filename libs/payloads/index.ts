export { field, LEFT_OUT, rule, type FieldOptions } from './field.js';
export { DigitsAsNumber, IdField, IntegerField, parseId, requireId } from './number-fields.js';
export { JsonObjectField, ObjectField, ObjectListField } from './object-fields.js';
export { Cursors, PageQuery, type Page } from './page.js';
export { validatePayload } from './payload-validator.js';
export { validateQuery } from './query-validator.js';
export { ChoiceField, PatternField, TextField, TextListField } from './text-fields.js';
export { InstantField, instantOf, LocalTimeField, parseInstant } from './time-fields.js';
