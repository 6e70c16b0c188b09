import { Problem } from '#libs/problems';
import { field, rule, type FieldOptions } from './field.js';

export interface IntegerOptions extends FieldOptions {
  min: number;
  max: number;
  default?: number;
}

/** A whole number. */
export function IntegerField(options: IntegerOptions): PropertyDecorator {
  const { min, max } = options;
  return field(
    options,
    {
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(options.default !== undefined && { default: options.default }),
    },
    rule(
      `must be a whole number from ${min} to ${max}`,
      (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
    ),
  );
}

const DIGITS_AS_NUMBER = Symbol('DigitsAsNumber');

/** Lets digits stand for their number where the field comes in a query string, in which all values are texts. */
export function DigitsAsNumber(): PropertyDecorator {
  return (target, name) => {
    Reflect.defineMetadata(DIGITS_AS_NUMBER, [...digitFields(target), name], target);
  };
}

/** The fields of a class, by its prototype, that are so marked. */
export function digitFields(prototype: object): (string | symbol)[] {
  return (Reflect.getMetadata(DIGITS_AS_NUMBER, prototype) ?? []) as (string | symbol)[];
}

/** An id in an answer. */
export function IdField(options: FieldOptions): PropertyDecorator {
  return IntegerField({ ...options, min: 1, max: Number.MAX_SAFE_INTEGER });
}

/** The id in a path: a whole number from 1 to 2^53 - 1 in digits. Throws a {@link Problem}. */
export function parseId(digits: string): number {
  return requireId(/^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : digits, 'id');
}

/** An id in a payload: a JSON number, never its digits. Throws a {@link Problem} that names `path`. */
export function requireId(value: unknown, path: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw Problem.invalid([{ path, message: 'must be a whole number from 1 to 9007199254740991' }]);
}
