/** What stands in for a secret; safe within a JSON string. */
const mask = '[redacted]';

/** Shorter ones may be words that any line holds. */
const SHORTEST_SECRET = 12;

const names = '(?:authorization|api[_-]?keys?|token|password|secret)';

/** By form: the password of an address, a bearer token, and what is called a secret by its field's name. */
const secretForms = [
  /(:\/\/[^\s:@/"]*:)[^\s@/"]+(?=@)/g,
  /(\bbearer\s+)[\w.~+/=-]+/gi,
  new RegExp(`(${names}\\\\?"\\s*:\\s*\\\\?")[^"\\\\]+`, 'gi'),
  new RegExp(`(\\b${names}\\s*[:=]\\s*)(?!bearer\\b)[^\\s"\\\\&,;{}[\\]]+`, 'gi'),
];

/** What each of the forms has in it, so that the many lines without any are looked through once. */
const signs = /:\/\/|bearer|authorization|api[_-]?key|token|password|secret/i;

/**
 * Takes secrets out of a finished log line, wherever in it they stand: the process's own by their value, others
 * by their form.
 */
export function redactor(secrets: readonly string[]): (line: string) => string {
  const known = secrets
    .flatMap((secret) => (secret.length < SHORTEST_SECRET ? [] : spellings(secret)))
    .toSorted((one, other) => other.length - one.length)
    .map((secret) => secret.replaceAll(/[$()*+.?[\\\]^{|}/-]/g, String.raw`\$&`));
  const byValue = known.length > 0 ? new RegExp(known.join('|'), 'g') : undefined;
  return (line) => {
    const text = byValue ? line.replace(byValue, mask) : line;
    if (!signs.test(text)) return text;
    return secretForms.reduce((left, form) => left.replace(form, `$1${mask}`), text);
  };
}

/** As it is, in an address, and within a JSON string. */
function spellings(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
}
