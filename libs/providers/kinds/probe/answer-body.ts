/** The provider's own words in an answer; `message` may be missing beside `"code": 0` only. */
export interface AnswerBody {
  readonly code: number;
  readonly message: string | undefined;
}

/**
 * Reads the provider's own body: a JSON object with an integer `code` and a string `message`; other fields are
 * its own affair. Undefined for everything else, so that a proxy's page, a login form or another service's
 * JSON is never taken for the provider's word.
 */
export function readAnswerBody(text: string): AnswerBody | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { code, message } = value as { code?: unknown; message?: unknown };
  if (typeof code !== 'number' || !Number.isSafeInteger(code)) return undefined;
  if (typeof message === 'string') return { code, message };
  return code === 0 && message === undefined ? { code, message } : undefined;
}
