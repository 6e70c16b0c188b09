import { cancelMessagesOfClient, lockMailing, reopenMailing, resolveMessages } from '#libs/messages';
import type { LeasedBatch, WaitingMessage } from '#libs/queue/lease';
import type { MessageOutcome } from '#libs/queue/record';
import { closeSpentBatches, finishMailings, reclaimAbandonedBatches } from '#libs/queue/recover';
import { ambiguous, failed, notNow, sent, unknown } from './message-outcomes.js';
import { SILENCE, steadyJudge, type QueueDispatcher } from './queue-dispatcher.js';
import type { QueueScenario } from './queue-scenario.js';

/** What becomes of a request, decided when it leaves. */
export type Fate = 'accepted' | 'accepted, answer lost' | 'lost' | 'refused' | 'not now' | 'not sent';

interface Request {
  message: WaitingMessage;
  fate: Fate;
  /** Nobody who records may know whether it was accepted. */
  doubtful: boolean;
}

interface HeldBatch {
  lease: LeasedBatch;
  waiting: WaitingMessage[];
  onTheWire: Request[];
}

interface Sender {
  dispatcher: QueueDispatcher;
  held: HeldBatch[];
}

/**
 * Dispatchers that lease, send, record, stall and die, with a provider that keeps no ids: it counts how often it
 * accepted each message. Every choice is a number that the test draws.
 */
export class SendingWorld {
  readonly requests: Request[] = [];
  /** How often a person had each message sent again, by its id. */
  readonly resent = new Map<number, number>();
  private senders: Sender[] = [];

  constructor(
    private readonly scenario: QueueScenario,
    readonly mailings: readonly number[],
    private readonly clients: readonly number[],
  ) {}

  async join(): Promise<void> {
    this.senders.push({ dispatcher: await this.scenario.dispatcher(), held: [] });
  }

  async lease(choice: number): Promise<boolean> {
    const { dispatcher, held } = this.sender(choice);
    const lease = held.length < 2 ? await dispatcher.lease({ fair: choice % 2 === 0 }) : undefined;
    if (lease) held.push({ lease, waiting: await dispatcher.waiting(lease), onTheWire: [] });
    return lease !== undefined;
  }

  /** Grants the next few messages of a held batch, and sends what was granted. */
  async send(choice: number, fates: readonly Fate[]): Promise<void> {
    const { dispatcher, held } = this.sender(choice);
    const batch = held[choice % (held.length || 1)];
    const slice = batch?.waiting.splice(0, fates.length) ?? [];
    if (!batch || slice.length === 0) return;
    const granted = await dispatcher.grant(batch.lease, slice);
    for (const [index, message] of slice.entries()) {
      if (!granted?.includes(message.id)) continue;
      const fate = fates[index] ?? 'accepted';
      const request = { message, fate, doubtful: fate === 'lost' || fate === 'accepted, answer lost' };
      batch.onTheWire.push(request);
      this.requests.push(request);
    }
  }

  /** Records what the first few requests of a held batch came to. */
  async answer(choice: number, count: number): Promise<void> {
    const { dispatcher, held } = this.sender(choice);
    const batch = held[choice % (held.length || 1)];
    const answered = batch?.onTheWire.splice(0, count) ?? [];
    if (!batch || answered.length === 0) return;
    const retryAt = (await this.scenario.now()) + 1_000 * (1 + (choice % 5));
    await dispatcher.record(...answered.flatMap((request) => outcomesOf(batch.lease, request, retryAt)));
  }

  async release(choice: number): Promise<void> {
    const { dispatcher, held } = this.sender(choice);
    const index = held.findIndex(({ onTheWire }) => onTheWire.length === 0);
    const [batch] = index < 0 ? [] : held.splice(index, 1);
    if (batch) await dispatcher.release(batch.lease, 1_000 * (choice % 2));
  }

  /** A dispatcher is gone with all that it knew; another one comes. */
  async crash(choice: number): Promise<void> {
    const [gone] = this.senders.splice(choice % this.senders.length, 1);
    for (const { onTheWire } of gone?.held ?? []) for (const request of onTheWire) request.doubtful = true;
    await this.join();
  }

  /** Time passes; every dispatcher but one shows that it lives and renews its leases. */
  async pass(seconds: number, stalled?: number): Promise<void> {
    await this.scenario.shiftClock(`${seconds}s`);
    for (const [index, { dispatcher, held }] of this.senders.entries()) {
      if (stalled !== undefined && index === stalled % this.senders.length) continue;
      await dispatcher.beat();
      await dispatcher.renew(...held.map(({ lease }) => lease));
    }
  }

  async reclaim(): Promise<void> {
    const judge = await steadyJudge(this.scenario.sql);
    const terms = { silenceMs: SILENCE, maxAttempts: 20 };
    const reclaimed = await reclaimAbandonedBatches(this.scenario.sql, judge, terms);
    const taken = new Set(reclaimed.map(({ id, owner }) => `${id} of ${owner}`));
    for (const { dispatcher, held } of this.senders) {
      for (const { lease, onTheWire } of held) {
        if (!taken.has(`${lease.id} of ${dispatcher.id}`)) continue;
        for (const request of onTheWire) request.doubtful = true;
      }
    }
  }

  /** What the duties do. */
  async tidy(): Promise<void> {
    await closeSpentBatches(this.scenario.sql, 6);
    await finishMailings(this.scenario.sql);
  }

  async pauseOrResume(choice: number): Promise<void> {
    await this.scenario.run(
      `UPDATE mailings SET status = CASE status WHEN 'paused' THEN 'running' ELSE 'paused' END::mailing_status
       WHERE id = $1 AND (status = 'running' OR (status = 'paused' AND end_at > ems_now()))`,
      [this.mailings[choice % this.mailings.length]],
    );
  }

  async cancel(choice: number): Promise<void> {
    await this.scenario.run(
      `UPDATE mailings SET status = 'cancelled' WHERE id = $1 AND status IN ('running', 'paused')`,
      [this.mailings[choice % this.mailings.length]],
    );
  }

  async deleteClient(choice: number): Promise<void> {
    await cancelMessagesOfClient(this.scenario.sql, this.clients[choice % this.clients.length] ?? 0);
  }

  /** A person has all that is unknown of a mailing sent again, as the API does. */
  async resend(choice: number): Promise<void> {
    const mailingId = this.mailings[choice % this.mailings.length] ?? 0;
    await this.scenario.sql.transaction(async (transaction) => {
      const mailing = await lockMailing(transaction, mailingId);
      if (!mailing || mailing.isOver || mailing.status === 'cancelled') return;
      const unknown = (await this.scenario.messages(mailingId)).filter(({ status }) => status === 'unknown');
      const ids = unknown.map(({ id }) => id);
      if ((await resolveMessages(transaction, { mailingId, ids }, 'resend', 6)) === 0) return;
      await reopenMailing(transaction, mailingId);
      for (const id of ids) this.resent.set(id, (this.resent.get(id) ?? 0) + 1);
    });
  }

  /** Everyone works on until there is nothing left to lease, whatever was going on. */
  async comeToRest(): Promise<void> {
    for (let idle = false; !idle;) {
      await this.pass(60);
      await this.reclaim();
      await this.tidy();
      idle = true;
      for (let one = 0; one < this.senders.length; one += 1) {
        while (await this.lease(one)) idle = false;
        for (const _ of this.senders[one]?.held.slice() ?? []) await this.finishFirst(one);
      }
    }
  }

  private async finishFirst(one: number): Promise<void> {
    const [batch] = this.sender(one).held;
    if (!batch) return;
    const all = this.sender(one).held.splice(1);
    await this.send(
      one,
      Array.from({ length: batch.waiting.length }, () => 'accepted'),
    );
    await this.answer(one, batch.onTheWire.length);
    await this.release(one);
    this.sender(one).held.push(...all);
  }

  private sender(choice: number): Sender {
    const sender = this.senders[choice % this.senders.length];
    if (!sender) throw new Error('There is no dispatcher');
    return sender;
  }
}

function outcomesOf(batch: LeasedBatch, { message, fate }: Request, retryAt: number): MessageOutcome[] {
  switch (fate) {
    case 'accepted':
      return [sent(batch, message)];
    case 'refused':
      return [failed(batch, message)];
    case 'not now':
      return [notNow(batch, message, retryAt)];
    case 'lost':
    case 'accepted, answer lost':
      if (batch.onAmbiguous === 'hold') return [unknown(batch, message)];
      return [ambiguous(batch, message, retryAt)];
    case 'not sent':
      return [];
  }
}
