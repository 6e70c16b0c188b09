import type { CountryCode } from './phone-number.js';

/** Where the module keeps the country of phones that come without a country code. */
export const DEFAULT_COUNTRY = Symbol('DEFAULT_COUNTRY');

export type DefaultCountry = CountryCode | undefined;
