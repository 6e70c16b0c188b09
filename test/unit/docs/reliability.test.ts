import { describe, expect, it } from 'vitest';
import { invariants } from '../../faults/invariant.js';
import { mutations } from '../../faults/mutations/list.js';
import { scenarios } from '../../faults/scenarios/index.js';
import { tableRows, textOf } from '../../support/documents.js';

const page = textOf('docs/reliability.md');

describe('docs/reliability.md', () => {
  it('has every invariant, in the words with which a run reports it', () => {
    expect(tableRows(page, 'invariant').map((row) => [row['invariant'], row['what it says']])).toEqual(
      Object.entries(invariants).map(([name, says]) => [`\`${name}\``, says]),
    );
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
