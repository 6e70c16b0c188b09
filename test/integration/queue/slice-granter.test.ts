import { describe, expect, test, vi } from 'vitest';
import type { Delivery } from '#libs/providers/kinds';
import { unknown } from '../../support/message-outcomes.js';
import { setup, type QueueScenario } from '../../support/queue-scenario.js';
import { accepted, aSendingPath } from '../../support/sending-path.js';

describe('a grant', () => {
  async function aBatch() {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 3, onAmbiguous: 'hold' });
    const path = await aSendingPath(scenario);
    return { ...scenario, ...path, mailing, batch: await path.takeWhole() };
  }

  test.each(['release', 'abandon'] as const)(
    'of which the answer is lost keeps its places until the %s of its batch',
    async (ending) => {
      const { ways, granter, leases, cap, batch } = await aBatch();
      ways.set('grant-slice', async (grant) => {
        await grant();
        throw new Error('the connection was cut');
      });
      await expect(granter.grantNext(batch, 9, () => true)).rejects.toThrow('cut');
      expect(cap.unrecorded).toBe(3);
      expect(batch.ungranted.size).toBe(3);
      expect(batch.isSettled, 'nothing will be answered').toBe(true);

      await leases[ending](batch, 0);
      expect(cap.unrecorded).toBe(0);
    },
  );

  test('that was refused gives its places back at once', async () => {
    const { granter, setStatus, mailing, cap, batch } = await aBatch();
    await setStatus(mailing, 'paused');
    expect(await granter.grantNext(batch, 9, () => true)).toBeUndefined();
    expect(cap.unrecorded).toBe(0);
    expect(batch.ungranted.size).toBe(3);
  });
});

describe('a grant that waits for places', () => {
  const settings = { GRANT_SIZE: '2', MAX_UNRECORDED: '2', FLUSH_MS: '200' };
  const both = 'record-sent-and-grant-slice';

  /** Of a batch of four, two messages are on the wire and two wait for places under the cap. */
  async function twoOfFour(given?: { scenario: QueueScenario; mailing: number }) {
    const scenario = given?.scenario ?? (await setup());
    const mailing = given?.mailing ?? (await scenario.aPlannedMailing({ count: 4 }));
    const path = await aSendingPath(scenario, settings);
    const asked: string[] = [];
    for (const name of ['grant-slice', 'record-sent', 'record-outcomes', both]) {
      path.ways.set(name, (run) => {
        asked.push(name);
        return run();
      });
    }
    const batch = await path.take();
    const freed = path.runner.run(batch);
    await vi.waitFor(() => expect(path.onTheWire).toHaveLength(2), { interval: 5 });
    const answer = (delivery: Delivery) => {
      for (const settle of path.onTheWire.splice(0)) settle(delivery);
    };
    /** Everything is accepted. */
    const finish = async () => {
      await vi.waitFor(() => expect(path.onTheWire).toHaveLength(2), { timeout: 60_000, interval: 5 });
      answer(accepted);
      await freed;
      await path.runner.finished();
    };
    return { ...scenario, ...path, mailing, batch, freed, asked, answer, finish };
  }

  test('is made by the statement that frees them', async () => {
    const { asked, answer, finish, statuses, mailing, cap } = await twoOfFour();
    answer(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', both, 'record-sent']);
    expect(await statuses(mailing)).toEqual({ sent: 4 });
    expect(cap.unrecorded).toBe(0);
  });

  test('goes alone when something was not accepted', async () => {
    const { asked, onTheWire, finish, statuses, mailing } = await twoOfFour();
    const [one, two] = onTheWire.splice(0);
    one?.({ outcome: { kind: 'refused', httpStatus: 422, error: 'no such number' }, latencyMs: 1 });
    two?.(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', 'record-sent', 'record-outcomes', 'grant-slice', 'record-sent']);
    expect(await statuses(mailing)).toEqual({ failed: 1, sent: 3 });
  });

  test('is asked for once only when its answer is lost, and what was accepted is recorded all the same', async () => {
    const { ways, answer, freed, runner, statuses, mailing, cap, batch } = await twoOfFour();
    ways.set(both, async (run) => {
      await run();
      throw new Error('the connection was cut');
    });
    answer(accepted);
    await freed;
    await runner.finished();

    expect(await statuses(mailing)).toEqual({ pending: 2, sent: 2 });
    expect(batch.ungranted.size, 'it may be granted').toBe(2);
    expect(cap.unrecorded).toBe(0);
  });

  test('sends nothing when it is refused, and what was accepted is recorded all the same', async () => {
    const { answer, freed, runner, statuses, setStatus, mailing, cap, onTheWire, asked } = await twoOfFour();
    await setStatus(mailing, 'paused');
    answer(accepted);
    await freed;
    await runner.finished();

    expect(asked, 'by itself it is refused for good').toEqual(['grant-slice', both, 'grant-slice']);
    expect(await statuses(mailing)).toEqual({ pending: 2, sent: 2 });
    expect(onTheWire).toEqual([]);
    expect(cap.unrecorded).toBe(0);
  });

  test('leaves it to the statement for every status to record what is not pending any more', async () => {
    const { dispatcher, messages, batch, asked, answer, finish, statuses, mailing } = await twoOfFour();
    const [first] = await messages(mailing);
    const another = await dispatcher();
    await another.record(unknown(batch, { id: first?.id ?? 0 }));
    asked.length = 0;
    answer(accepted);
    await finish();

    expect(asked).toEqual([both, 'record-sent', 'record-outcomes', 'grant-slice', 'record-sent']);
    expect(await statuses(mailing)).toEqual({ sent: 4 });
  });

  test('goes alone when one of its messages is in doubt: that may be what is recorded', async () => {
    const scenario = await setup();
    const mailing = await scenario.aPlannedMailing({ count: 4 });
    await scenario.run(
      `UPDATE messages SET in_doubt_since = ems_now() WHERE id = (SELECT max(id) FROM messages)`,
    );
    const { asked, answer, finish } = await twoOfFour({ scenario, mailing });
    answer(accepted);
    await finish();

    expect(asked).toEqual(['grant-slice', 'record-sent', 'grant-slice', 'record-sent']);
    expect(await scenario.statuses(mailing)).toEqual({ sent: 4 });
  });
});
