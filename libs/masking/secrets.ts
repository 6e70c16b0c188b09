/** What stands in for a secret; safe within a JSON string. */
const MASK = '[redacted]';

const names = String.raw`(?:authorization|api[_-]?keys?|token|passw(?:or)?d|secret|signature)`;

/** By form: the password of an address, a credential of HTTP, a JWT, and what is called a secret by its name. */
const forms = [
  /(:\/\/[^\s:@/"]*:)[^\s@/"]+(?=@)/g,
  /(\bbearer\s+)[\w.~+/=-]+/gi,
  /(\b[Bb]asic\s+)(?=[\w+/-]*(?:[\d=]|[a-z][A-Z]))[\w+/=-]{6,}/g,
  /(\b)eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g,
  new RegExp(String.raw`(${names}\\?"\s{0,9}:\s{0,9}\\?")[^"\\]+`, 'gi'),
  new RegExp(String.raw`(${names}\s{0,9}[:=]\s{0,9})(?!bearer\b|basic\b)[^\s"\\&,;{}[\]]+`, 'gi'),
  /([?&;](?:key|sig|sign|hash|auth|pass|pwd|credentials?)=)[^\s"\\&#;]+/gi,
];

/** What each of the forms has in it, so that the many texts without any are looked through once. */
const signs =
  /:\/\/|bearer|basic|eyJ|authorization|api[_-]?key|token|passw|secret|signature|(?:key|sig|sign|hash|auth|pass|pwd|credentials?)=/i;

/**
 * Takes secrets out of a text by their form: passwords in addresses, Bearer and Basic credentials, JWTs, and the
 * value of whatever is named a key, token, password, secret or signature in JSON, a query or plain words. The
 * text may be a line of JSON, which stays one.
 */
export function maskSecrets(text: string): string {
  if (!signs.test(text)) return text;
  return forms.reduce((left, form) => left.replace(form, `$1${MASK}`), text);
}
