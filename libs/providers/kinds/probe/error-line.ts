import { maskWords } from '#libs/masking';

/** Longest error of an outcome, in UTF-16 units. */
export const MAX_ERROR_LENGTH = 300;

// Line breaks and control characters would forge log lines; NUL and half a surrogate pair are no text for Postgres.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\s]+/gu;

/** As JSON may write any character; a body that is no answer of the provider's is quoted as it came. */
const ESCAPE = /\\u([\da-f]{4})/gi;

/**
 * Makes one line for people out of text that others wrote, cut to `length`: the one place where a provider's words
 * come in, so whatever stores, logs or answers with an outcome's error gets it masked. Masked are:
 * - `secret`, the token that we send, as `[token]`: as it is, as a URL has it, and as JSON does;
 * - other credentials by their form, as `[redacted]`;
 * - phone numbers, the message's own among them, as `[phone]`, however they are written.
 *
 * Control characters become blanks. Statuses, codes, addresses and ids below seven digits stay.
 */
export function errorLine(text: string, secret = '', length = MAX_ERROR_LENGTH): string {
  const plain = text.replace(ESCAPE, (_escape, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  const line = maskWords(
    withoutSecret(plain, secret)
      .slice(0, 10 * length)
      .replace(UNPRINTABLE, ' ')
      .trim(),
  );
  if (line.length <= length) return line;
  const cut = line.slice(0, length - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** As it is, as a URL carries it, and as JSON with escaped slashes does. */
function withoutSecret(text: string, secret: string): string {
  if (secret === '') return text;
  const inUrl = encodeURIComponent(secret);
  return [
    secret,
    inUrl,
    inUrl.replaceAll(/%\w\w/g, (code) => code.toLowerCase()),
    secret.replaceAll('/', '\\/'),
  ].reduce((rest, form) => rest.replaceAll(form, '[token]'), text);
}
