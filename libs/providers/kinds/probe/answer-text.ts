import type { Answer } from './answer-classifier.js';
import { decoded } from './content-coding.js';

/** What an answer says, or why that can't be known. */
export type AnswerText = Pick<Answer, 'body' | 'unreadable'>;

/** An answer of which more came than is read. */
export const TOO_LONG: AnswerText = { body: undefined };

/** Whether an answer's bytes are something else than its text, by `Content-Encoding`. */
export function isEncoded(headers: Answer['headers']): boolean {
  return headers['content-encoding'] !== undefined;
}

/** Reads plain bytes as text: UTF-8, unless `Content-Type` names another charset. */
export function plainText(bytes: Buffer, headers: Answer['headers']): AnswerText {
  // TextDecoder drops a byte order mark, which JSON.parse would stumble over.
  return { body: new TextDecoder(charsetOf(headers)).decode(bytes) };
}

/** Undoes an answer's `Content-Encoding` and reads it as text. Never throws. */
export async function encodedText(bytes: Buffer, headers: Answer['headers']): Promise<AnswerText> {
  // An empty body stands for itself, whatever is said about it.
  if (bytes.length === 0) return { body: '' };
  const found = await decoded(bytes, String(headers['content-encoding']));
  switch (found.kind) {
    case 'plain':
      return plainText(found.bytes, headers);
    case 'too long':
      return TOO_LONG;
    case 'unreadable':
      return { body: undefined, unreadable: found.why };
  }
}

/** UTF-8 for one that nobody knows: JSON's own signs are the same in nearly all of them. */
function charsetOf(headers: Answer['headers']): string {
  const [, charset] = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(String(headers['content-type'])) ?? [];
  if (charset === undefined) return 'utf-8';
  try {
    return new TextDecoder(charset).encoding;
  } catch {
    return 'utf-8';
  }
}
