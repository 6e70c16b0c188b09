import type { FieldError } from '#libs/problems';

/** Levels of objects and lists in each other. */
const MAX_DEPTH = 16;
/** Fields of one object: no object that is asked for has as many, and each unknown one costs an error. */
const MAX_FIELDS = 1_000;
/** Items of one list: no list that is asked for has as many, and each wrong item costs an error. */
const MAX_ITEMS = 10_000;
/** After so many errors the rest is not looked for. */
const MAX_ERRORS = 50;

interface Place {
  value: unknown;
  depth: number;
  name: string;
  /** Undefined for the payload itself. */
  parent: Place | undefined;
}

/**
 * Finds what no field may hold, wherever it stands: characters that Postgres or JSON can't keep (NUL, halves
 * of surrogate pairs), numbers that a double would change without a word, names that every JavaScript object
 * has (`__proto__`, `constructor`), nesting and objects without end. Walks with its own stack: the payload decides how
 * deep it goes. A field of the payload that is `apart` is not looked into. Paths are made for errors only: most
 * payloads have none, and may have fifty thousand values.
 */
export function checkJson(payload: unknown, apart: (name: string) => boolean = () => false): FieldError[] {
  const errors: FieldError[] = [];
  const places: Place[] = [{ value: payload, depth: 0, name: '', parent: undefined }];
  for (let place = places.pop(); place && errors.length < MAX_ERRORS; place = places.pop()) {
    const message = wrongValue(place.value, place.depth);
    if (message === undefined) pushChildren(place, places, errors, apart);
    else errors.push({ path: pathOf(place), message });
  }
  return errors;
}

/** The last child first, so that the first is popped first. */
function pushChildren(
  parent: Place,
  places: Place[],
  errors: FieldError[],
  apart: (name: string) => boolean,
): void {
  const { value } = parent;
  const depth = parent.depth + 1;
  if (Array.isArray(value)) {
    for (let index = value.length - 1; index >= 0; index -= 1) {
      places.push({ value: value[index], depth, name: String(index), parent });
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const name of Object.keys(value).toReversed()) {
      if (parent.parent === undefined && apart(name)) continue;
      const child = { value: (value as Record<string, unknown>)[name], depth, name, parent };
      const wrong = wrongName(name);
      if (wrong === undefined) places.push(child);
      else errors.push({ path: pathOf(child), message: wrong });
    }
  }
}

function pathOf({ name, parent }: Place): string {
  return parent ? join(pathOf(parent), name, Array.isArray(parent.value)) : '';
}

/** The path of a child as errors name it: `audience.tags[0]`, long or odd names cut short. */
export function join(path: string, name: string, inList = false): string {
  if (inList) return `${path}[${name}]`;
  const shown = (name.length > 80 ? `${name.slice(0, 80)}…` : name).replaceAll(/\p{Surrogate}|\0/gu, '�');
  return path === '' ? shown : `${path}.${shown}`;
}

function wrongValue(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return wrongText(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return 'must be a number in the range of a 64-bit double';
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
      return 'must be a number below 2^53; send larger numbers as strings';
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
  if (!text.isWellFormed()) return 'must not contain half of a surrogate pair';
  return undefined;
}

function wrongName(name: string): string | undefined {
  return name in Object.prototype ? 'is not allowed as a field name' : wrongText(name);
}
