export { maskFields } from './mask-fields.js';
export { maskWords } from './mask-words.js';
export { maskPhones } from './phones.js';
export { maskSecrets } from './secrets.js';
