import { field, rule } from '#libs/payloads';
import { isCountry } from './phone-number.js';

/** The country of phones that come without a country code, by its ISO 3166 code. */
export function CountryField(options: { description: string; leftOut?: string }): PropertyDecorator {
  return field(
    { ...options, example: 'DE', optional: true },
    { type: 'string', pattern: '^[A-Z]{2}$' },
    rule('must be the two capital letters of a country, as in ISO 3166', isCountry),
  );
}
