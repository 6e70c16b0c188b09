import { describe, expect, it } from 'vitest';
import { accepted, simulator } from './simulator-fixture.js';

describe('a message that comes twice', () => {
  it('is accepted twice by default, and counted as a duplicate', async () => {
    const { control, send } = await simulator();
    await send(1);
    expect(await send(1)).toEqual(accepted);
    expect(await control.summary()).toMatchObject({
      requests: 2,
      accepted: 2,
      distinctAccepted: 1,
      duplicates: 1,
    });
  });

  it('is accepted once by a provider that deduplicates, with the same answer', async () => {
    const { control, send } = await simulator();
    await control.behave({ deduplicate: true });
    await send(1);
    expect(await send(1)).toEqual(accepted);
    expect(await control.received('?id=1')).toMatchObject([
      { outcome: 'accepted', status: 200 },
      { outcome: 'duplicate', status: 200 },
    ]);
    expect(await control.summary()).toMatchObject({ accepted: 1, distinctAccepted: 1, duplicates: 0 });
  });

  it('is answered 409 when the provider says so', async () => {
    const { control, send } = await simulator();
    await control.behave({ deduplicate: true, duplicateAnswer: 'conflict' });
    await send(1);
    expect(await send(1)).toEqual({ status: 409, body: { code: 409, message: 'already have this id' } });
    expect((await control.summary()).byOutcome).toMatchObject({ accepted: 1, duplicate: 1 });
  });

  it('is a first one as long as it was not accepted, though requested before', async () => {
    const { control, send } = await simulator();
    await control.behave({ deduplicate: true, faults: [{ kind: 'status', status: 500, perId: 1 }] });
    await send(1);
    await send(1);
    expect(await control.received()).toMatchObject([{ outcome: 'rejected' }, { outcome: 'accepted' }]);
  });

  it('is known from an answer of 500 after which it was accepted all the same', async () => {
    const { control, send } = await simulator();
    await control.behave({ deduplicate: true, faults: [{ kind: 'acceptThenStatus', times: 2 }] });
    const statuses = [(await send(1)).status, (await send(1)).status, (await send(1)).status];
    expect(statuses).toEqual([500, 500, 200]);
    expect((await control.received()).map((row) => row.outcome)).toEqual([
      'accepted',
      'duplicate',
      'duplicate',
    ]);
  });

  it('is forgotten with the record', async () => {
    const { control, send } = await simulator();
    await control.behave({ deduplicate: true });
    await send(1);
    await control.forget();
    await send(1);
    expect(await control.received()).toMatchObject([{ seq: 1, outcome: 'accepted' }]);
  });
});
