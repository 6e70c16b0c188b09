import { Problem } from '#libs/problems';
import { digitFields } from './number-fields.js';
import { validatePayload } from './payload-validator.js';

/**
 * Holds the parameters of a query string against a DTO class like {@link validatePayload}. All of them are texts, so
 * digits count as a number where the class says so; one that is there more than once is refused.
 */
export async function validateQuery<Query extends object>(
  type: new () => Query,
  parameters: Record<string, unknown>,
): Promise<Query> {
  const repeated = Object.keys(parameters).filter((name) => Array.isArray(parameters[name]));
  if (repeated.length > 0) {
    throw Problem.invalid(repeated.map((path) => ({ path, message: 'is given more than once' })));
  }
  const numbers = digitFields(type.prototype as object).flatMap((name) => {
    const value = parameters[String(name)];
    return typeof value === 'string' && /^\d{1,15}$/.test(value) ? [[name, Number(value)]] : [];
  });
  return validatePayload(type, { ...parameters, ...(Object.fromEntries(numbers) as object) });
}
