import type { FieldError } from '#libs/problems';

/** Levels of objects and lists in each other. */
const MAX_DEPTH = 16;
/** Fields of one object: what turns objects into instances takes the square of their number. */
const MAX_FIELDS = 1_000;
/** Items of one list: no list that is asked for has as many, and each wrong item costs an error. */
const MAX_ITEMS = 10_000;
/** After so many errors the rest is not looked for. */
const MAX_ERRORS = 50;

interface Place {
  value: unknown;
  path: string;
  depth: number;
}

/**
 * Finds what no field may hold, wherever it stands: characters that Postgres or JSON can't keep (NUL, halves
 * of surrogate pairs), numbers that a double would change without a word, names that every JavaScript object
 * has (`__proto__`, `constructor`), nesting and objects without end. Walks with its own stack: the payload decides how
 * deep it goes.
 */
export function checkJson(payload: unknown): FieldError[] {
  const errors: FieldError[] = [];
  const places: Place[] = [{ value: payload, path: '', depth: 0 }];
  for (let place = places.pop(); place && errors.length < MAX_ERRORS; place = places.pop()) {
    const { value, path, depth } = place;
    const message = wrongValue(value, depth);
    if (message !== undefined) {
      errors.push({ path, message });
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, child] of Object.entries(value).toReversed()) {
        const childPath = join(path, name, Array.isArray(value));
        const wrong = Array.isArray(value) ? undefined : wrongName(name);
        if (wrong !== undefined) errors.push({ path: childPath, message: wrong });
        else places.push({ value: child, path: childPath, depth: depth + 1 });
      }
    }
  }
  return errors;
}

/** The path of a child as errors name it: `audience.tags[0]`, long or odd names cut short. */
export function join(path: string, name: string, inList: boolean): string {
  if (inList) return `${path}[${name}]`;
  const shown = (name.length > 80 ? `${name.slice(0, 80)}…` : name).replaceAll(/\p{Surrogate}|\0/gu, '�');
  return path === '' ? shown : `${path}.${shown}`;
}

function wrongValue(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return wrongText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'must be a number that a double can hold';
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return 'must be a number below 2^53; send larger ones as strings';
    }
  }
  if (typeof value === 'object' && value !== null && depth > MAX_DEPTH) {
    return `must not be nested deeper than ${MAX_DEPTH} levels`;
  }
  if (typeof value === 'object' && value !== null) return wrongWidth(value);
  return undefined;
}

function wrongWidth(value: object): string | undefined {
  if (Array.isArray(value)) {
    return value.length > MAX_ITEMS ? `must not have more than ${MAX_ITEMS} items` : undefined;
  }
  return Object.keys(value).length > MAX_FIELDS ? `must not have more than ${MAX_FIELDS} fields` : undefined;
}

function wrongText(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain the NUL character';
  if (/\p{Surrogate}/u.test(text)) return 'must not contain half of a surrogate pair';
  return undefined;
}

function wrongName(name: string): string | undefined {
  return name in Object.prototype ? 'is not allowed as a name' : wrongText(name);
}
