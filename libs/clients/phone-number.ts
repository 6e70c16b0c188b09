import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { field, rule, type FieldOptions } from '#libs/payloads';

/**
 * Reads a phone number in international format, with `+`, `00` or nothing before the country code and with any
 * of the usual separators: `+7 (900) 123-45-67` is 79001234567. Undefined for anything else.
 *
 * The country code must be known and the length possible there. Whether the range is in use is not judged:
 * numbering plans change faster than libraries.
 */
export function parsePhone(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 40 || !/^\s*\+?[\d\s().\-/\u2010-\u2015]+$/.test(text)) {
    return undefined;
  }
  // +44 (0)20 ...: where the zero is not part of the number, it is for calls from inside the country.
  return possible(text) ?? possible(text.replace('(0)', ''));
}

function possible(text: string): number | undefined {
  const digits = text.replaceAll(/[^\d+]/g, '').replace(/^(\+|00)/, '');
  const parsed = parsePhoneNumberFromString(`+${digits}`, { extract: false });
  // The parser drops a national prefix, which would turn 8 800 ... (Russia, from inside) into Bangladesh.
  return parsed?.isPossible() && parsed.number === `+${digits}` ? Number(digits) : undefined;
}

/** Russia's operator code: the three digits after +7. Null for other countries, where there is no such thing. */
export function operatorCodeOf(phone: number): string | null {
  const digits = String(phone);
  return digits.startsWith('7') && digits.length === 11 ? digits.slice(1, 4) : null;
}

/** What was validated last is mostly what is asked for next, and to read it costs as much as all its other fields. */
let lastRead: { text: string; phone: number } | undefined;

/** A phone number as people write it; see {@link parsePhone}. */
export function PhoneField(options: FieldOptions): PropertyDecorator {
  return field(
    { ...options, example: options.example ?? '+7 (900) 123-45-67' },
    { type: 'string', maxLength: 40 },
    rule(
      'must be a string with a phone number in international format, such as +7 900 123-45-67, with a known country code and a possible length',
      (value) => {
        const phone = parsePhone(value);
        if (phone !== undefined) lastRead = { text: value as string, phone };
        return phone !== undefined;
      },
    ),
  );
}

/** The number of a value that {@link PhoneField} has let through. */
export function phoneOf(text: string): number {
  const phone = text === lastRead?.text ? lastRead.phone : parsePhone(text);
  if (phone === undefined) throw new TypeError(`${text} was not validated.`);
  return phone;
}
