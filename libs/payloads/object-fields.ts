import { ValidateNested } from 'class-validator';
import { field, rule, treated, type FieldOptions } from './field.js';
import { instantiate } from './payload-instance.js';

type Class = new () => object;

/** An object with fields of its own. */
export function ObjectField(type: () => Class, options: FieldOptions): PropertyDecorator {
  return field(
    options,
    // Swagger tells a lazy type from a class by the function's name, which is "type" here.
    { type: () => type() },
    treated({ convert: (value) => (isObject(value) ? instantiate(type(), value) : value) }),
    rule('must be an object', isObject),
    ValidateNested({ message: 'must be an object' }),
  );
}

/** A list of objects in an answer. */
export function ObjectListField(type: () => Class, options: FieldOptions): PropertyDecorator {
  return field(options, { type: () => type(), isArray: true }, rule('must be a list', Array.isArray));
}

export interface JsonObjectOptions extends FieldOptions {
  /** Of its JSON in UTF-8. */
  maxBytes: number;
  /** Of the object itself. */
  maxFields: number;
}

/** Any JSON object. */
export function JsonObjectField({ maxBytes, maxFields, ...options }: JsonObjectOptions): PropertyDecorator {
  return field(
    options,
    { type: 'object', additionalProperties: true, maxProperties: maxFields },
    rule(
      `must be a JSON object of at most ${maxFields} fields and ${maxBytes} bytes`,
      (value) =>
        isObject(value) &&
        Object.keys(value).length <= maxFields &&
        Buffer.byteLength(JSON.stringify(value)) <= maxBytes,
    ),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
