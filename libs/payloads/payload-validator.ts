import { validateSync, type ValidationError } from 'class-validator';
import { Problem, type FieldError } from '#libs/problems';
import { ITEMS_RULE, type WrongItem } from './field.js';
import { checkJson, join } from './json-check.js';
import { instantiate, treatments } from './payload-instance.js';

/**
 * Turns a parsed JSON value into an instance of a DTO class, with its nested ones, or rejects with a {@link Problem}
 * that names every field that is wrong, unknown ones included. Nothing is converted but what a field says: a number
 * in a string is not a number. Long lists are converted in turns with other requests.
 */
export async function validatePayload<Payload extends object>(
  type: new () => Payload,
  payload: unknown,
): Promise<Payload> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw Problem.invalid([{ path: '', message: 'must be a JSON object' }]);
  }
  const treated = treatments(type);
  const unfit = checkJson(payload, (name) => treated.get(name)?.itemsApart === true);
  if (unfit.length > 0) throw Problem.invalid(unfit);
  const instance = await instantiate(type, payload);
  const errors = validateSync(instance, {
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false },
  });
  if (errors.length > 0) throw Problem.invalid(flatten(errors));
  return instance;
}

function flatten(errors: readonly ValidationError[], path = ''): FieldError[] {
  return errors.flatMap((error) => {
    const here = join(path, error.property);
    const messages = messagesOf(error).map(({ suffix, message }) => ({ path: here + suffix, message }));
    // What is in a value of the wrong kind says nothing, and its errors need not even name a property.
    return messages.length > 0 ? messages : flatten(error.children ?? [], here);
  });
}

/** One message each, however many rules say the same. */
function messagesOf(error: ValidationError): { suffix: string; message: string }[] {
  const constraints = Object.entries(error.constraints ?? {});
  if (constraints.length === 0) return [];
  if (constraints.some(([name]) => name === 'whitelistValidation')) {
    return [{ suffix: '', message: 'is not a known field' }];
  }
  if (error.value === undefined) return [{ suffix: '', message: 'is missing' }];
  const own = new Set(constraints.filter(([name]) => name !== ITEMS_RULE).map(([, message]) => message));
  if (own.size > 0) return [...own].map((message) => ({ suffix: '', message }));
  const wrong = JSON.parse(error.constraints?.[ITEMS_RULE] ?? '[]') as WrongItem[];
  return wrong.map(([index, message]) => ({ suffix: `[${index}]`, message }));
}
