import { field, itemsRule, rule, type FieldOptions } from './field.js';

export interface TextOptions extends FieldOptions {
  /** Characters are code points, as in Postgres and in JSON Schema. */
  max: number;
}

/** A string in which something can be seen. It is kept as given, outer blanks included, unless `more` treats it. */
export function TextField(options: TextOptions, ...more: PropertyDecorator[]): PropertyDecorator {
  return field(
    options,
    { type: 'string', minLength: 1, maxLength: options.max },
    rule(textMessage(options.max), (value) => isText(value, options.max)),
    ...more,
  );
}

export interface TextListOptions extends TextOptions {
  minItems?: number;
  maxItems: number;
}

/** A list of such strings; `more` are rules and treatments of each kind of them. */
export function TextListField(options: TextListOptions, ...more: PropertyDecorator[]): PropertyDecorator {
  const { minItems = 0, maxItems, max } = options;
  return field(
    options,
    { type: 'array', minItems, maxItems, items: { type: 'string', minLength: 1, maxLength: max } },
    rule(
      `must be a list of ${minItems > 0 ? `${minItems} to` : 'at most'} ${maxItems} strings`,
      (value) => Array.isArray(value) && value.length >= minItems && value.length <= maxItems,
    ),
    itemsRule(maxItems, textMessage(max), (item) => isText(item, max)),
    ...more,
  );
}

export interface PatternOptions extends FieldOptions {
  pattern: RegExp;
  /** What the pattern asks for, after "must be". */
  form: string;
}

/** A string of a fixed form. */
export function PatternField(options: PatternOptions): PropertyDecorator {
  return field(
    options,
    { type: 'string', pattern: options.pattern.source },
    rule(`must be ${options.form}`, (value) => typeof value === 'string' && options.pattern.test(value)),
  );
}

/** One of a few words. */
export function ChoiceField(
  options: FieldOptions & { of: readonly string[]; name: string },
): PropertyDecorator {
  return field(
    options,
    { enum: [...options.of], enumName: options.name },
    rule(
      `must be one of ${options.of.join(', ')}`,
      (value) => typeof value === 'string' && options.of.includes(value),
    ),
  );
}

function textMessage(max: number): string {
  return `must be a string of 1 to ${max} characters that is not blank`;
}

/**
 * A character that leaves a mark. White space, controls and what Unicode lets every font pass over
 * (Default_Ignorable_Code_Point, such as U+200B and U+3164) leave none, nor do two that are drawn empty: the Braille
 * blank and the null note head.
 */
const visible = /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\u2800\u{1d159}]/u;

function isText(value: unknown, max: number): boolean {
  if (typeof value !== 'string' || !visible.test(value)) return false;
  // A code point takes one or two units, so most strings need no counting.
  return value.length <= max || (value.length <= 2 * max && Array.from(value).length <= max);
}
