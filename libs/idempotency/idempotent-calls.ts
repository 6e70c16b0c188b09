import { Injectable } from '@nestjs/common';
import { afterCommitted, JointTransactions, sqlState } from '#libs/database';
import { Problem } from '#libs/problems';
import { KeptAnswers, type KeptAnswer, type UsedKey } from './kept-answers.js';
import { KeyTurns } from './key-turns.js';
import { fingerprintOf } from './request-fingerprint.js';

/** A request that came with a key. */
export interface KeyedCall {
  key: string;
  /** What is asked for: the method and the path, or the subject. */
  operation: string;
  /** The parsed JSON, valid or not. */
  payload: unknown;
  /** Whether it is marked as `Repeatable`. */
  repeatable: boolean;
}

export interface Outcome {
  answer: KeptAnswer;
  /** Whether it is what an earlier request was answered. */
  replayed: boolean;
}

/** Milliseconds that a request waits for an earlier one with its key. */
const PATIENCE = 10_000;

/** Postgres's code for a lock that was not to be had in time. */
const LOCK_TIMEOUT = '55P03';

/**
 * Carries out a request once, however often it is made under its key, at the same time or later. Only answers
 * are kept: a refusal changed nothing, so the request can be corrected and made again under the same key.
 */
@Injectable()
export class IdempotentCalls {
  private readonly turns = new KeyTurns();

  constructor(
    private readonly transactions: JointTransactions,
    private readonly kept: KeptAnswers,
  ) {}

  /**
   * `carryOut` is called unless the key has an answer already, more than once after a deadlock; what it throws
   * is passed on. Throws a {@link Problem} when the key belongs to another request, and when an earlier one is
   * still being carried out after ten seconds.
   */
  async answer(call: KeyedCall, carryOut: () => Promise<KeptAnswer>): Promise<Outcome> {
    const fingerprint = await fingerprintOf(call.operation, call.payload);
    const outcome = await this.turns.take(call.key, PATIENCE, (leftMs) =>
      call.repeatable
        ? this.carryOutThenKeep(call.key, fingerprint, leftMs, carryOut)
        : this.carryOutAndKeep(call.key, fingerprint, leftMs, carryOut),
    );
    if (!outcome) throw inProgress();
    return outcome;
  }

  /**
   * Key, change and answer are committed together: of two processes one waits for the other at the key, and a
   * crash leaves all or nothing.
   */
  private carryOutAndKeep(
    key: string,
    fingerprint: Buffer,
    lockTimeoutMs: number,
    carryOut: () => Promise<KeptAnswer>,
  ): Promise<Outcome> {
    return this.transactions.run({ lockTimeoutMs }, async () => {
      const used = await this.claim(key, fingerprint);
      if (used?.answer) return { answer: used.answer, replayed: true };
      const answer = await carryOut();
      await this.kept.keep(key, fingerprint, answer);
      return { answer, replayed: false };
    });
  }

  /** Nothing is held while it is carried out. A key without an answer is one whose request may be repeated. */
  private async carryOutThenKeep(
    key: string,
    fingerprint: Buffer,
    lockTimeoutMs: number,
    carryOut: () => Promise<KeptAnswer>,
  ): Promise<Outcome> {
    const used = await this.transactions.run({ lockTimeoutMs }, () => this.claim(key, fingerprint));
    if (used?.answer) return { answer: used.answer, replayed: true };
    const answer = await carryOut().catch(async (error: unknown) => {
      // If that fails, the key belongs to this request for a day, and can be used for that.
      if (isRefusal(error)) await this.kept.release(key, fingerprint).catch(() => {});
      throw error;
    });
    const isFirst = await afterCommitted(() => this.kept.keep(key, fingerprint, answer));
    if (isFirst) return { answer, replayed: false };
    const first = await afterCommitted(() => this.kept.find(key));
    return first?.answer && first.fingerprint.equals(fingerprint)
      ? { answer: first.answer, replayed: true }
      : { answer, replayed: false };
  }

  private async claim(key: string, fingerprint: Buffer): Promise<UsedKey | undefined> {
    const used = await this.kept.claim(key, fingerprint).catch((error: unknown) => {
      throw sqlState(error) === LOCK_TIMEOUT ? inProgress() : error;
    });
    if (used && !used.fingerprint.equals(fingerprint)) throw keyReused();
    return used;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof Problem && error.status < 500;
}

function keyReused(): Problem {
  return new Problem(
    'idempotency-key-reused',
    'This Idempotency-Key was used for another operation or with another body: send a new key.',
  );
}

function inProgress(): Problem {
  return new Problem(
    'request-in-progress',
    'A request with this Idempotency-Key is still in progress: retry to get its answer.',
    { retryAfterSeconds: 1 },
  );
}
