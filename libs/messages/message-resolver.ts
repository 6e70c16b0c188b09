import { Injectable } from '@nestjs/common';
import { afterCommitted, Sql } from '#libs/database';
import { ControlBus, controlSubjects } from '#libs/nats';
import { Cursors } from '#libs/payloads';
import { Problem } from '#libs/problems';
import { COUNTER_SHARDS } from '#libs/queue/transitions';
import { MessageReader } from './message-reader.js';
import type { ResolvedMessagesDto, ResolveMessagesDto } from './resolution.dto.js';
import {
  countUnknown,
  lockMailing,
  reopenMailing,
  type Resolution,
  type ResolvableMailing,
  resolveMessages,
} from './resolve-messages.js';

/** The most messages that are resolved in one transaction. */
const MESSAGES_A_PAGE = 1_000;

/** Milliseconds after which a call answers with how far it has come. */
const BUDGET = 5_000;

/** A person's word about messages that may have been sent. Throws a {@link Problem} for what can't be resolved. */
@Injectable()
export class MessageResolver {
  private readonly cursors = new Cursors('resolution');

  constructor(
    private readonly sql: Sql,
    private readonly reader: MessageReader,
    private readonly bus: ControlBus,
  ) {}

  /** Resolves one message; a conflict unless it is `unknown`. */
  async resolve(id: number, as: Resolution): Promise<void> {
    const message = await this.reader.find(id);
    if (!message) throw Problem.notFound('message', id);
    if (await this.resolvePage(message.mailingId, [id], as)) return;
    const { status } = (await this.reader.find(id)) ?? message;
    throw Problem.conflict(
      status === 'unknown'
        ? 'The client was deleted, so the message cannot be sent again.'
        : `The message is ${status}: only a message with the status unknown can be resolved.`,
    );
  }

  /**
   * Resolves every message of a mailing that is `unknown`, in pages: when time is up the answer has a cursor to
   * go on from. Repeated after it was cut off, it resolves what is left.
   */
  async resolveAll(mailingId: number, { as, cursor }: ResolveMessagesDto): Promise<ResolvedMessagesDto> {
    const until = performance.now() + BUDGET;
    let after = this.cursors.read(cursor) ?? 0;
    let resolved = 0;
    for (;;) {
      const page = () => this.resolveNext(mailingId, after, as);
      const { rows, upto, count } = await (resolved === 0 ? page() : afterCommitted(page));
      resolved += count;
      const next = rows.length === MESSAGES_A_PAGE ? rows.at(-1)?.clientId : upto;
      if (next === undefined) return { mailingId, as, resolved, nextCursor: null };
      if (performance.now() >= until) {
        return { mailingId, as, resolved, nextCursor: this.cursors.write(next) };
      }
      after = next;
    }
  }

  /** Resolves what is unknown of the next messages after a client's. */
  private async resolveNext(mailingId: number, after: number, as: Resolution) {
    const left = await countUnknown(this.sql, mailingId);
    const { rows, upto } =
      left === 0
        ? { rows: [], upto: undefined }
        : await this.reader.listUnknown(mailingId, after, MESSAGES_A_PAGE);
    const ids = rows.map(({ id }) => id);
    return { rows, upto, count: await this.resolvePage(mailingId, ids, as) };
  }

  private async resolvePage(mailingId: number, ids: readonly number[], as: Resolution): Promise<number> {
    // Any shard will do, and a random one keeps callers out of the dispatchers' way.
    const shard = Math.floor(Math.random() * COUNTER_SHARDS);
    const isResent = as === 'resend';
    const { count, version } = await this.sql.transaction(async (transaction) => {
      const mailing = await lockMailing(transaction, mailingId);
      if (!mailing) throw Problem.notFound('mailing', mailingId);
      if (isResent) requireGoingOn(mailing);
      const count = await resolveMessages(transaction, { mailingId, ids }, as, shard);
      const reopened = isResent && count > 0 ? await reopenMailing(transaction, mailingId) : undefined;
      return { count, version: reopened ?? mailing.controlVersion };
    });
    if (isResent && count > 0) {
      this.bus.announce(controlSubjects.mailing, { mailingId, version, change: 'resumed' });
    }
    return count;
  }
}

/** Only what may still be sent can be sent again. */
function requireGoingOn({ status, isOver, endAt }: ResolvableMailing): void {
  if (status === 'cancelled') {
    throw Problem.conflict('The mailing is cancelled, so its messages cannot be sent again.');
  }
  if (isOver) {
    throw Problem.conflict(
      `The end of the mailing, ${endAt.toISOString()}, has passed, so its messages cannot be sent again.`,
    );
  }
}
