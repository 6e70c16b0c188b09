import { maskPhones } from './phones.js';
import { maskSecrets } from './secrets.js';

/** A user name alone may be a token, so words of others keep neither that nor the password. */
const userInfo = /(:\/\/)[^\s/?#"'<>@]+@/g;

/**
 * Makes words that others wrote (a provider, a database, a library) fit to be stored, logged and answered: secrets
 * by their form become `[redacted]`, phone numbers `[phone]`; see `maskSecrets` and `maskPhones`. What is masked
 * already stays as it is. What is neither, such as a status, a code or a short id, stays too.
 */
export function maskWords(text: string): string {
  return maskPhones(maskSecrets(text.replace(userInfo, '$1[redacted]@')));
}
