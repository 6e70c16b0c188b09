import { Type } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import { field, rule, type FieldOptions } from './field.js';

type Class = new () => object;

/** An object with fields of its own. */
export function ObjectField(type: () => Class, options: FieldOptions): PropertyDecorator {
  return field(
    options,
    // Swagger tells a lazy type from a class by the function's name, which is "type" here.
    { type: () => type() },
    Type(type),
    rule('must be an object', isObject),
    ValidateNested({ message: 'must be an object' }),
  );
}

/** A list of objects in an answer. */
export function ObjectListField(type: () => Class, options: FieldOptions): PropertyDecorator {
  return field(options, { type: () => type(), isArray: true }, rule('must be a list', Array.isArray));
}

/** Any JSON object; `maxBytes` is the size of its JSON in UTF-8. */
export function JsonObjectField(options: FieldOptions & { maxBytes: number }): PropertyDecorator {
  return field(
    options,
    { type: 'object', additionalProperties: true },
    rule(
      `must be a JSON object of at most ${options.maxBytes} bytes`,
      (value) => isObject(value) && Buffer.byteLength(JSON.stringify(value)) <= options.maxBytes,
    ),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
