import { describe, expect, it } from 'vitest';
import { demoClients } from '../../apps/standalone/demo-clients.js';
import { progressBar } from '../../apps/standalone/progress-bar.js';

describe('the progress bar', () => {
  it.each([
    [0, { pending: 1_000 }, '[------------------------------] 0 of 1,000'],
    [
      371,
      { pending: 629, sent: 370, failed: 1 },
      '[###########-------------------] 371 of 1,000 (sent 370, failed 1)',
    ],
    [1_000, { pending: 0, sent: 1_000 }, '[##############################] 1,000 of 1,000 (sent 1,000)'],
  ])('shows %i settled messages', (_, byStatus, text) => {
    expect(progressBar({ total: 1_000, byStatus })).toBe(text);
  });

  it('is empty, not broken, before there is a message', () => {
    expect(progressBar({ total: 0, byStatus: {} })).toBe('[------------------------------] 0 of 0');
  });
});

describe("the demo's clients", () => {
  it('are 1,000 over several time zones', () => {
    const clients = demoClients();

    expect(clients).toHaveLength(1_000);
    expect(new Set(clients.map((client) => client.phone)).size).toBe(1_000);
    expect(new Set(clients.map((client) => client.timezone)).size).toBe(10);
  });

  it('have numbers that are kept for fiction, should they ever meet a real provider', () => {
    for (const { phone } of demoClients()) expect(phone).toMatch(/^\+1\d{3}55501\d{2}$/);
  });
});
