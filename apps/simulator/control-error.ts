import type { ServerResponse } from 'node:http';
import { BehaviourError } from './behaviour.js';

/** A request to the control port can't be served; `status` is what it is answered. */
export class ControlError extends Error {
  override readonly name = 'ControlError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers with the sentence that says what went wrong; anything unforeseen is a 500. */
export function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    // A stream of records broke off: the caller must see that it is not whole.
    response.destroy();
    return;
  }
  const status = error instanceof ControlError ? error.status : error instanceof BehaviourError ? 400 : 500;
  answerJson(response, status, { error: error instanceof Error ? error.message : String(error) });
}

export function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
