import { setTimeout as wait } from 'node:timers/promises';
import type { LedgerMailing, LedgerResolution } from '../ledger.js';
import { RetryingCaller } from '../retrying-caller.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';

type Decision = LedgerResolution['as'];

const AT_A_TIME = 6;
const BETWEEN_LOOKS = 50;

/** A person who decides about what is in doubt, again and again, and asks again when no answer comes. */
class Person {
  private readonly caller: RetryingCaller;
  private gone = false;
  decided = 0;

  constructor(private readonly stage: Stage) {
    this.caller = new RetryingCaller(`http://127.0.0.1:${stage.world.settings['PORT']}`);
  }

  /** Decides about some of a mailing's messages one by one, until {@link leave}. */
  async keepDeciding(mailing: LedgerMailing): Promise<void> {
    while (!this.gone) {
      const ids = await this.inDoubt(mailing, AT_A_TIME);
      const decision = () => this.stage.random.pick(['resend', 'resend', 'failed', 'sent'] as const);
      await Promise.all(ids.map((id) => this.decide(id, decision())));
      await wait(BETWEEN_LOOKS);
    }
  }

  leave(): void {
    this.gone = true;
  }

  /** Decides about all that is left of a mailing that is over, so that nothing else comes in doubt meanwhile. */
  async decideAll(mailing: LedgerMailing, as: Decision): Promise<void> {
    for (const id of await this.inDoubt(mailing)) this.note(id, as);
    const { status, text } = await this.caller.post(`/v1/mailings/${mailing.id}/resolve`, { as });
    this.stage.expect(
      status === 200 && JSON.parse(text).nextCursor === null,
      `resolving all: ${status} ${text}`,
    );
  }

  private async decide(id: number, as: Decision): Promise<void> {
    this.note(id, as);
    const { status, text } = await this.caller.post(`/v1/messages/${id}/resolve`, { as });
    this.stage.expect(status === 200, `resolving ${id} as ${as}: ${status} ${text}`);
  }

  private note(messageId: number, as: Decision): void {
    this.decided += 1;
    this.stage.ledger.resolutions.push({ messageId, as, askedAt: Date.now() });
  }

  private async inDoubt({ id }: LedgerMailing, most?: number): Promise<number[]> {
    const rows = await this.stage.world.query<{ id: number }>(
      `SELECT id FROM messages WHERE mailing_id = $1 AND status = 'unknown' ORDER BY id LIMIT $2`,
      [id, most ?? null],
    );
    return rows.map((row) => row.id);
  }
}

async function killApi(stage: Stage): Promise<void> {
  await stage.pass(stage.random.between(0, 40));
  await stage.world.api.kill();
  await stage.world.api.start();
}

const resolveUnderKills: Scenario = {
  name: 'resolve-under-kills',
  what: 'messages in doubt are resolved as sent, failed or to be sent again while dispatchers and the API are killed',
  quick: false,
  options: { settings: { MAX_UNRECORDED: '24', LEASE_MS: '3000', OWNER_SILENCE_MS: '1500' } },
  async run(stage) {
    await stage.behave({
      latencyMs: 40,
      faults: [
        { kind: 'acceptThenStatus', status: 500, rate: 0.05 },
        { kind: 'status', status: 500, rate: 0.05 },
      ],
    });
    await stage.load.clients(1_000);
    const first = await stage.load.mailing({ onAmbiguous: 'hold' });
    const second = await stage.load.mailing({ onAmbiguous: 'hold' });
    const person = new Person(stage);
    const deciding = person.keepDeciding(first);
    // Whoever fails to decide fails the scenario where it is waited for.
    deciding.catch(() => undefined);
    await stage.received(200);
    await stage.whileSending(0.5, async () => {
      const victim = stage.random.pick(stage.world.dispatchers);
      await victim.kill();
      await killApi(stage);
      await victim.start();
      await stage.pass(stage.random.between(100, 600));
    });
    person.leave();
    await deciding;
    stage.expect(person.decided >= 20, `only ${person.decided} messages were decided about`);
    await stage.provider.adjust({ latencyMs: 5, faults: [] });
    await Promise.all([stage.completed(first), stage.completed(second)]);
    await Promise.all([
      person.decideAll(first, 'resend'),
      person.decideAll(second, 'failed'),
      killApi(stage),
    ]);
    await stage.completed(first);
    const left = await stage.world.query(`SELECT FROM messages WHERE status = 'unknown'`);
    stage.expect(left.length === 0, `${left.length} messages are unknown though all were decided about`);
    stage.notes.push(`${person.decided} messages were decided about`);
  },
};

export const resolutions = [resolveUnderKills];
