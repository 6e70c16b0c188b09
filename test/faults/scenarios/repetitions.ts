import { until } from '../../support/until.js';
import { type Answered, RetryingCaller } from '../retrying-caller.js';
import type { Scenario } from '../scenario.js';
import type { Stage } from '../stage.js';
import { setProviderLimit } from './limit-changes.js';
import { lose } from './lost-answers.js';

const KILLS = 6;
const CALLERS = 24;
const ITEMS_A_BATCH = 20;

/** What is asked for under a key of its own, over and over, while the API dies again and again. */
class Orders {
  readonly answered: Answered[] = [];
  private nth = 0;
  private closed = false;

  constructor(
    private readonly stage: Stage,
    private readonly caller: RetryingCaller,
  ) {}

  /** Makes one after the other until {@link close}. */
  async keepMaking(): Promise<void> {
    while (!this.closed) await this.makeNext();
  }

  close(): void {
    this.closed = true;
  }

  /** A mailing, which only its key keeps from being made twice, or now and then a client, or twenty. */
  private async makeNext(): Promise<void> {
    this.nth += 1;
    const answered = await this.caller.post(...this.order(this.nth));
    this.answered.push(answered);
    if (answered.path === '/v1/mailings' && answered.status === 201) this.expectToBeSent(answered);
  }

  private order(nth: number): [path: string, body: object] {
    if (nth % 10 === 0) {
      const items = Array.from({ length: ITEMS_A_BATCH }, (_, item) => aClient(nth * 100 + item));
      return ['/v1/clients/batch', { items }];
    }
    if (nth % 3 === 0) return ['/v1/clients', aClient(nth * 100)];
    const now = this.stage.ledger.databaseTime(Date.now());
    const [startAt, endAt] = [now - 1_000, now + 600_000].map((at) => new Date(at).toISOString());
    return ['/v1/mailings', { text: `Order ${nth}`, audience: { tags: ['reader'] }, startAt, endAt }];
  }

  private expectToBeSent({ text: answer, askedAt, answeredAt }: Answered): void {
    const { id, text, audience, startAt, endAt } = JSON.parse(answer);
    const { ledger } = this.stage;
    ledger.mailings.set(id, {
      id,
      text,
      audience,
      startAt: Date.parse(startAt),
      window: undefined,
      onAmbiguous: 'resend',
      targets: ledger.audienceOf(audience),
      ends: [{ askedAt, answeredAt, state: Date.parse(endAt) }],
      controls: [{ askedAt, answeredAt, state: 'running' }],
    });
  }
}

/** In no mailing's audience. */
function aClient(nth: number): object {
  return { phone: `+7${9_990_000_000 + nth}`, timezone: 'UTC', tags: ['ordered'] };
}

const killApiUnderPosts: Scenario = {
  name: 'kill-api-under-posts',
  what: 'kill -9 of the API in a loop under POSTs with an Idempotency-Key and retries: each is carried out once',
  quick: false,
  async run(stage) {
    await stage.load.clients(20, { tags: ['reader'] });
    const { world } = stage;
    const caller = new RetryingCaller(`http://127.0.0.1:${world.settings['PORT']}`);
    const orders = new Orders(stage, caller);
    const making = Promise.allSettled(Array.from({ length: CALLERS }, () => orders.keepMaking()));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const enough = orders.answered.length + stage.random.between(10, 60);
      await until('it has answered some', () => orders.answered.length >= enough, 60_000, 5);
      await stage.pass(stage.random.between(0, 20));
      await world.api.kill();
      await world.api.start();
    }
    orders.close();
    const unanswered = (await making).find(({ status }) => status === 'rejected');
    stage.expect(unanswered === undefined, JSON.stringify(unanswered));
    stage.expect(caller.cutOff >= KILLS, `only ${caller.cutOff} tries were cut off`);
    await expectEachOnce(stage, orders.answered);
    await expectSameAnswers(stage, caller, orders.answered);
  },
};

/** What the API asks Postgres for under a key; most of all the end of what it does. */
const underAKey = ['COMMIT', 'COMMIT', 'COMMIT', 'COMMIT', 'claim-idempotency-key', 'keep-answer'];

const lostCommits: Scenario = {
  name: 'lost-commits',
  what: 'connections break after the COMMIT of POSTs with an Idempotency-Key, and after grants under a limit: each is made once',
  quick: false,
  options: { dispatchers: 0, apiBehindProxy: true },
  async run(stage) {
    const { world } = stage;
    await stage.behave({ latencyMs: 10 });
    await stage.load.clients(1_500, { tags: ['all'] });
    await stage.load.clients(20, { tags: ['reader'] });
    await setProviderLimit(stage, 100);
    await stage.load.mailing({ audience: { tags: ['all'] } });
    const proxy = await world.postgresProxy();
    await world.addDispatcher({ postgres: proxy });
    const caller = new RetryingCaller(`http://127.0.0.1:${world.settings['PORT']}`);
    const orders = new Orders(stage, caller);
    const making = Promise.allSettled(Array.from({ length: 4 }, () => orders.keepMaking()));
    for (const statement of stage.random.shuffle(underAKey)) {
      if (world.apiProxy) await lose(stage, world.apiProxy, statement);
      await lose(stage, proxy, 'grant-paced-slice');
      await stage.recovery('a lost answer to grant-paced-slice');
    }
    orders.close();
    const unanswered = (await making).find(({ status }) => status === 'rejected');
    stage.expect(unanswered === undefined, JSON.stringify(unanswered));
    await expectEachOnce(stage, orders.answered);
    await expectSameAnswers(stage, caller, orders.answered);
    const replayed = orders.answered.filter((one) => one.replayed).length;
    stage.notes.push(`${orders.answered.length} POSTs, of which ${replayed} had been carried out unheard`);
    stage.expect(replayed > 0, 'nothing was carried out unheard');
    await setProviderLimit(stage, null);
    const doubts = await world.query(`SELECT FROM attempts WHERE outcome = 'ambiguous'`);
    stage.expect(doubts.length === 0, `${doubts.length} messages were in doubt, and nobody had died`);
  },
};

/** A client made twice would have been a 409, and one of a batch an error in its result. */
async function expectEachOnce(stage: Stage, answered: readonly Answered[]): Promise<void> {
  const of = (path: string) => answered.filter((one) => one.path === path);
  const refused = answered.filter(({ status, text }) => status >= 300 || text.includes('"error"'));
  stage.expect(refused.length === 0, `${refused.length} refused, such as ${refused[0]?.text}`);
  const [made] = await stage.world.query<{ clients: number; mailings: number; texts: number }>(
    `SELECT (SELECT count(*) FROM clients WHERE tags = '{ordered}') AS clients,
       count(*) AS mailings, count(DISTINCT text) AS texts
     FROM mailings WHERE text LIKE 'Order %'`,
  );
  const wanted = {
    clients: of('/v1/clients').length + of('/v1/clients/batch').length * ITEMS_A_BATCH,
    mailings: of('/v1/mailings').length,
    texts: of('/v1/mailings').length,
  };
  stage.expect(
    wanted.mailings > 0 && JSON.stringify(made) === JSON.stringify(wanted),
    `there are ${JSON.stringify(made)}, and ${JSON.stringify(wanted)} were made`,
  );
}

/** Whoever asks again now, with the API up, hears what he heard then. */
async function expectSameAnswers(
  stage: Stage,
  caller: RetryingCaller,
  answered: readonly Answered[],
): Promise<void> {
  for (const { path, body, key, status, location, text } of answered) {
    const again = await caller.post(path, body, key);
    const same =
      again.replayed && again.status === status && again.location === location && again.text === text;
    stage.expect(same, `POST ${path} was answered ${text}, and ${again.text} when asked again`);
  }
}

export const repetitions = [killApiUnderPosts, lostCommits];
