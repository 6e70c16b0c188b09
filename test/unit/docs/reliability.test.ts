import { describe, expect, it } from 'vitest';
import { invariants } from '../../faults/invariant.js';
import { mutations } from '../../faults/mutations/list.js';
import { scenarios } from '../../faults/scenarios/index.js';
import { tableRows, textOf } from '../../support/documents.js';

const page = textOf('docs/reliability.md');
const column = (name: string) => tableRows(page, name).map((row) => (row[name] ?? '').replaceAll('`', ''));

describe('docs/reliability.md', () => {
  it('has every invariant, in the words with which a run reports it', () => {
    expect(tableRows(page, 'invariant').map((row) => [row['invariant'], row['what it says']])).toEqual(
      Object.entries(invariants).map(([name, says]) => [`\`${name}\``, says]),
    );
  });

  it('has what came of every scenario, and lost nothing in any', () => {
    expect(column('scenario')).toEqual(scenarios.map(({ name }) => name));
    expect(new Set(tableRows(page, 'scenario').map((row) => row['lost']))).toEqual(new Set(['0']));
  });

  it('has every guard that is taken out, and what caught it', () => {
    const rows = tableRows(page, 'removed');
    expect(rows.map((row) => row['removed'])).toEqual(mutations.map(({ guard }) => guard));
    for (const [index, { caughtBy, scenario }] of mutations.entries()) {
      expect(rows[index]?.['played']).toBe(scenario);
      expect(caughtBy.some((invariant) => rows[index]?.['caught by']?.includes(`\`${invariant}\``))).toBe(
        true,
      );
    }
  });
});

describe('the scenarios', () => {
  it('have names of their own, in words with hyphens', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    for (const { name } of scenarios) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it('include each one that a mutation names', () => {
    const names = new Set(scenarios.map(({ name }) => name));
    expect(mutations.filter(({ scenario }) => !names.has(scenario))).toEqual([]);
  });
});
