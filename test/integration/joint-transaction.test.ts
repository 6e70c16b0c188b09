import { NestFactory } from '@nestjs/core';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import {
  afterCommit,
  DatabaseModule,
  JointTransactions,
  Orm,
  requireNoJointTransaction,
  Sql,
} from '#libs/database';
import { aMailing, TestApi } from '../support/api.js';

let api: TestApi;
let sql: Sql;
let orm: Orm;
let transactions: JointTransactions;
let outside: Client;
const terms = { lockTimeoutMs: 1_000 };

beforeAll(async () => {
  api = await TestApi.start();
  sql = api.app.get(Sql);
  orm = api.app.get(Orm);
  transactions = api.app.get(JointTransactions);
  outside = new Client({ connectionString: api.databaseUrl });
  await outside.connect();
});
beforeEach(() => api.query('TRUNCATE mailings'));
afterAll(async () => {
  await outside.end();
  await api.end();
});

const one = (text: string) => ({ name: '', text });
const insert = one(`
  INSERT INTO mailings (text, start_at, end_at) VALUES ('by Sql', now(), now() + interval '1 hour')`);

/** The entity, by its name: the library keeps it to itself. */
interface MailingRow {
  text: string;
  startAt: Date;
  endAt: Date;
  audience: object;
  priority: number;
}

async function insertByOrm(): Promise<void> {
  const mailings = await orm.repository<MailingRow>('Mailing');
  const { text, startAt, endAt } = aMailing() as { text: string; startAt: string; endAt: string };
  await mailings.save(
    mailings.create({ text, startAt: new Date(startAt), endAt: new Date(endAt), audience: {}, priority: 0 }),
  );
}

/** How many mailings there are for those outside. */
async function committed(): Promise<number> {
  return (await outside.query('SELECT id FROM mailings')).rows.length;
}

/** How many there are for the caller. */
async function seen(): Promise<number> {
  return (await sql.query(one('SELECT id FROM mailings'))).length;
}

describe('a joint transaction', () => {
  test('is one for Sql and Orm, and commits when its work ends', async () => {
    const announced: string[] = [];
    const result = await transactions.run(terms, async () => {
      await sql.query(insert);
      await insertByOrm();
      await sql.transaction(async (transaction) => void (await transaction.query(insert)));
      await orm.transaction(async (manager) => void (await manager.query(insert.text)));
      afterCommit(() => announced.push('done'));
      expect([await seen(), await committed(), announced.length]).toEqual([4, 0, 0]);
      return 'result';
    });
    expect([result, await committed(), announced]).toEqual(['result', 4, ['done']]);
  });

  test('rolls everything back when its work throws, that of inner transactions too', async () => {
    const announced: string[] = [];
    const failing = transactions.run(terms, async () => {
      await insertByOrm();
      await sql.transaction(async (transaction) => void (await transaction.query(insert)));
      afterCommit(() => announced.push('never'));
      throw new Error('refused');
    });
    await expect(failing).rejects.toThrow('refused');
    expect([await committed(), announced]).toEqual([0, []]);
  });

  test('forgets what a lost attempt would have announced', async () => {
    const announced: number[] = [];
    let attempt = 0;
    await transactions.run(terms, async () => {
      attempt += 1;
      const mine = attempt;
      afterCommit(() => announced.push(mine));
      await sql.query(insert);
      if (attempt < 3) await sql.query(one(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$`));
    });
    expect([announced, await committed()]).toEqual([[3], 1]);
  });

  test('gives up after five lost attempts', async () => {
    let attempts = 0;
    const losing = transactions.run(terms, async () => {
      attempts += 1;
      await sql.query(one(`DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$`));
    });
    await expect(losing).rejects.toMatchObject({ code: '40P01' });
    expect(attempts).toBe(5);
  });

  test('refuses work that outlives it rather than committing that alone', async () => {
    let goOn = () => {};
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const stragglers = await transactions.run(terms, async () => {
      await sql.query(insert);
      return [
        gate.then(() => sql.query(insert)),
        gate.then(() => sql.transaction((transaction) => transaction.query(insert))),
        gate.then(insertByOrm),
      ];
    });
    goOn();
    for (const straggler of await Promise.allSettled(stragglers)) {
      expect(straggler).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringMatching('has ended') },
      });
    }
    expect(await committed()).toBe(1);
  });

  test('waits for a lock no longer than it is told, and ends when its process hangs', async () => {
    await api.sql.transaction(async (holder) => {
      await holder.query(one('LOCK TABLE mailings'));
      const waiting = transactions.run({ lockTimeoutMs: 50 }, () => sql.query(insert));
      await expect(waiting).rejects.toMatchObject({ code: '55P03' });
    });
    const settings = one(
      `SELECT current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(await transactions.run(terms, () => sql.query(settings))).toEqual([{ lock: '1s', idle: '15s' }]);
    expect(await (await orm.repository<MailingRow>('Mailing')).query(settings.text)).toEqual([
      { lock: '0', idle: '0' },
    ]);
  });

  test('leaves the pool whole when its connection is cut, more often than there are connections', async () => {
    for (let time = 0; time < 12; time += 1) {
      const cut = transactions.run(terms, async () => {
        await sql.query(insert);
        await sql.query(one('SELECT pg_terminate_backend(pg_backend_pid())'));
      });
      await expect(cut).rejects.toMatchObject({ code: '57P01' });
    }
    await transactions.run(terms, () => sql.query(insert));
    expect(await committed()).toBe(1);
  });
});

test('a connection on which Postgres has gone silent is not used again', async () => {
  // One connection for Orm, given up after 2.2 s.
  const module = DatabaseModule.forRoot({
    url: api.databaseUrl,
    poolSize: 2,
    applicationName: 'silent-test',
    statementTimeoutMs: 200,
  });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  onTestFinished(() => app.close());
  const silent = app.get(JointTransactions).run(terms, async () => {
    const [backend] = await app.get(Sql).query<{ pid: number }>(one('SELECT pg_backend_pid() AS pid'));
    if (!backend) throw new Error('It has no pid');
    process.kill(backend.pid, 'SIGSTOP');
    onTestFinished(() => void process.kill(backend.pid, 'SIGCONT'));
    await app.get(Sql).query(insert);
  });
  await expect(silent).rejects.toThrow('Query read timeout');

  const next = app.get(JointTransactions).run(terms, () => app.get(Sql).query(one('SELECT 1 AS one')));
  expect(await next).toEqual([{ one: 1 }]);
});

test('outside there is none: all is done at once', async () => {
  const announced: string[] = [];
  afterCommit(() => announced.push('at once'));
  expect(announced).toEqual(['at once']);
  expect(requireNoJointTransaction).not.toThrow();
  const inside = transactions.run(terms, async () => requireNoJointTransaction());
  await expect(inside).rejects.toThrow('not waited for inside of a transaction');
});
