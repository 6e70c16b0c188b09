import ts from 'typescript';
import { expect, test } from 'vitest';
import { mutations } from '../../faults/mutations/list.js';
import { mutatedSources } from '../../faults/mutations/mutated-copy.js';
import { scenarios } from '../../faults/scenarios/index.js';

test.each(mutations)('without $guard there is still a service, and a scenario to break', async (mutation) => {
  for (const [fileName, source] of await mutatedSources(mutation.edits)) {
    expect(ts.transpileModule(source, { reportDiagnostics: true, fileName }).diagnostics).toEqual([]);
  }
  expect(scenarios.map(({ name }) => name)).toContain(mutation.scenario);
});
