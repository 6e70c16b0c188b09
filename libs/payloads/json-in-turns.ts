import { LoopTurn } from './loop-turn.js';

/** Items of a list that are made JSON of without asking for the time. */
const AT_ONCE = 8;

interface LongList {
  items: readonly unknown[];
}

/** Whether an answer is a list that is better made JSON of in turns. */
export function isLongList(answer: unknown): answer is LongList {
  if (typeof answer !== 'object' || answer === null || !('items' in answer)) return false;
  return Array.isArray(answer.items) && answer.items.length > AT_ONCE;
}

/**
 * `JSON.stringify` of an answer, with other requests served in between its items: a page of 500 clients may have
 * 8 MiB. Only a list called `items` is taken in turns; what else an answer has is small.
 */
export async function stringifyInTurns(answer: object): Promise<string> {
  return isLongList(answer) ? inTurns(answer) : JSON.stringify(answer);
}

/**
 * The bytes are those of `JSON.stringify`: a repeated request is answered with the same. All pieces are joined once, as
 * that is done at one go.
 */
async function inTurns(answer: LongList): Promise<string> {
  const pieces: string[] = [];
  for (const [name, value] of Object.entries(answer)) {
    const json = value === answer.items ? await listInTurns(answer.items) : toJson(value);
    if (json === undefined) continue;
    pieces.push(pieces.length === 0 ? '{' : ',', JSON.stringify(name), ':');
    pieces.push(...(typeof json === 'string' ? [json] : json));
  }
  pieces.push('}');
  return pieces.join('');
}

async function listInTurns(items: readonly unknown[]): Promise<string[]> {
  const turn = new LoopTurn();
  const pieces: string[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    if (turn.isOver) await turn.next();
    pieces.push(at === 0 ? '[' : ',', JSON.stringify(items.slice(at, at + AT_ONCE)).slice(1, -1));
  }
  return [...pieces, ']'];
}

/** Undefined for what JSON leaves out. */
function toJson(value: unknown): string | undefined {
  return JSON.stringify(value);
}
