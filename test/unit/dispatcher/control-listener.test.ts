import { describe, expect, test } from 'vitest';
import type { MailingChanged } from '#libs/nats';
import { ControlListener } from '../../../apps/dispatcher/control/control.listener.js';

type Parts = ConstructorParameters<typeof ControlListener>;

/** A listener that hears of a new mailing; returns what it has the ticker do at once. */
async function nudgedBy(changed: Partial<MailingChanged>): Promise<string[]> {
  const nudged: string[] = [];
  const listener = new ControlListener(
    { id: 'one' } as unknown as Parts[0],
    {} as Parts[1],
    { countInFlight: () => 0 } as unknown as Parts[2],
    {} as Parts[3],
    { nudge: (name: string) => void nudged.push(name) } as unknown as Parts[4],
    {} as Parts[5],
  );
  const confirmed = await listener.mailingChanged({
    mailingId: 1,
    version: 0,
    change: 'created',
    ...changed,
  });
  expect(confirmed).toEqual({ dispatcherId: 'one', version: 0, inFlight: 0 });
  return nudged;
}

describe('a dispatcher that hears of a new mailing', () => {
  test('plans at once', async () => {
    expect(await nudgedBy({})).toEqual(['mailing-starter', 'ticket-publisher']);
    expect(await nudgedBy({ startsLater: false })).toEqual(['mailing-starter', 'ticket-publisher']);
  });

  test('does not look for work when the mailing starts later', async () => {
    expect(await nudgedBy({ startsLater: true })).toEqual([]);
  });
});
