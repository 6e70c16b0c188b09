import { Transform } from 'class-transformer';
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

/** Turns digits into their number, for fields that also come in a query string, where all are strings. */
export function DigitsAsNumber(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value,
  );
}

/** An id in an answer. */
export function IdField(options: FieldOptions): PropertyDecorator {
  return IntegerField({ ...options, min: 1, max: Number.MAX_SAFE_INTEGER });
}

/**
 * The id that a path or a message asks for: a whole number from 1 to 2^53 - 1, or its digits. Throws a
 * {@link Problem} that names `path`.
 */
export function parseId(value: unknown, path = 'id'): number {
  const id = typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value) ? Number(value) : value;
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return id;
  throw Problem.invalid([{ path, message: 'must be a whole number from 1 to 9007199254740991' }]);
}
