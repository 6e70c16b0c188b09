import { field, rule, type FieldOptions } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { LONGEST_PHONE, PhoneRefusal } from './phone-characters.js';
import { type CountryCode, readPhone } from './phone-number.js';

/**
 * A phone number as people write it; see {@link readPhone}. What only a country could make a number of is let
 * through: {@link phoneOf} knows the country. A JSON integer is taken as well, which the OpenAPI document tells in
 * words: generated clients make a clumsy type of a choice between two.
 */
export function PhoneField(options: FieldOptions): PropertyDecorator {
  return field(
    { ...options, example: options.example ?? '+7 (900) 123-45-67' },
    { type: 'string', maxLength: LONGEST_PHONE },
    rule(
      (value) => (read(value) as PhoneRefusal).message,
      (value) => {
        const phone = read(value);
        return typeof phone === 'number' || phone.needsCountry;
      },
    ),
  );
}

/**
 * The number of a value that {@link PhoneField} has let through. Throws a {@link Problem} that names the field
 * `phone` when it is none of the country, or none at all without one.
 */
export function phoneOf(value: string | number, country: CountryCode | undefined): number {
  const phone = read(value, country);
  if (typeof phone === 'number') return phone;
  throw Problem.invalid([{ path: 'phone', message: phone.message }]);
}

/** What was validated last is mostly what is asked for next, and to read it costs as much as all its other fields. */
let last: { value: unknown; country: CountryCode | undefined; phone: number | PhoneRefusal } | undefined;

function read(value: unknown, country?: CountryCode): number | PhoneRefusal {
  if (!last || last.value !== value || last.country !== country) {
    last = { value, country, phone: readPhone(value, country) };
  }
  return last.phone;
}
