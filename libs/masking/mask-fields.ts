import { maskWords } from './mask-words.js';

/** Levels of a structure that are looked at; what lies deeper is left out. */
const DEPTH = 4;

/**
 * The same structure with every text and number in it masked by {@link maskWords}, as of an error whose fields
 * hold the parameters of a statement. Class instances become plain objects; what lies deeper than four levels
 * becomes `…`.
 */
export function maskFields(value: unknown, depth = DEPTH): unknown {
  if (typeof value === 'string') return maskWords(value);
  if (typeof value === 'number' || typeof value === 'bigint') return maskNumber(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((entry) => maskFields(entry, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, maskFields(entry, depth - 1)]),
  );
}

function maskNumber(value: number | bigint): unknown {
  const text = String(value);
  return maskWords(text) === text ? value : maskWords(text);
}
