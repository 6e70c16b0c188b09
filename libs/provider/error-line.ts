/** Longest error of an outcome, in UTF-16 units. */
export const MAX_ERROR_LENGTH = 300;

// Line breaks and control characters would forge log lines; NUL and half a surrogate pair are no text for Postgres.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\s]+/gu;

/**
 * Makes one line for people out of text that others wrote: without control characters and without `secret`
 * (a provider may quote the token back at us), cut to `length`.
 */
export function errorLine(text: string, secret = '', length = MAX_ERROR_LENGTH): string {
  const line = withoutSecret(text, secret)
    .slice(0, 10 * length)
    .replace(UNPRINTABLE, ' ')
    .trim();
  if (line.length <= length) return line;
  const cut = line.slice(0, length - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}

/** As it is, as a URL carries it, and as JSON with escaped slashes does. */
function withoutSecret(text: string, secret: string): string {
  if (secret === '') return text;
  return [secret, encodeURIComponent(secret), secret.replaceAll('/', '\\/')].reduce(
    (rest, form) => rest.replaceAll(form, '[token]'),
    text,
  );
}
