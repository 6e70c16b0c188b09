import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { request } from 'undici';

/** A POST and what it was answered in the end. */
export interface Answered {
  path: string;
  body: object;
  key: string;
  status: number;
  location: string | undefined;
  text: string;
  /** Whether it is what an earlier try had been answered already, without anybody hearing it. */
  replayed: boolean;
  askedAt: number;
  answeredAt: number;
}

/** Milliseconds. */
const TRY_TIMEOUT = 15_000;
const PATIENCE = 100_000;
const BEFORE_NEXT_TRY = 100;

/** Asks like a careful client of the API: under a key, and again and again until there is an answer. */
export class RetryingCaller {
  /** Tries that were cut off or found nobody: of those that were cut off, the caller can't know what came of them. */
  cutOff = 0;

  constructor(private readonly baseUrl: string) {}

  /** Throws when there is no answer for 100 s. What is answered 5xx, or 409 with `Retry-After`, is asked again. */
  async post(path: string, body: object, key: string = randomUUID()): Promise<Answered> {
    const askedAt = Date.now();
    while (Date.now() < askedAt + PATIENCE) {
      const answer = await this.once(path, body, key);
      if (answer) return { path, body, key, askedAt, answeredAt: Date.now(), ...answer };
      await wait(BEFORE_NEXT_TRY);
    }
    throw new Error(`POST ${path} got no answer in ${PATIENCE} ms`);
  }

  private async once(path: string, body: object, key: string) {
    try {
      const {
        statusCode,
        headers,
        body: answer,
      } = await request(new URL(path, this.baseUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body: JSON.stringify(body),
        headersTimeout: TRY_TIMEOUT,
        bodyTimeout: TRY_TIMEOUT,
      });
      const text = await answer.text();
      if (statusCode >= 500 || headers['retry-after'] !== undefined) return undefined;
      return {
        status: statusCode,
        location: headers['location']?.toString(),
        text,
        replayed: headers['idempotency-replayed'] === 'true',
      };
    } catch {
      this.cutOff += 1;
      return undefined;
    }
  }
}
