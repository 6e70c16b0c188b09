import ts from 'typescript';
import { expect, test } from 'vitest';
import { mutations } from '../../faults/mutations/list.js';
import { mutatedSource } from '../../faults/mutations/mutated-copy.js';
import { scenarios } from '../../faults/scenarios/index.js';

test.each(mutations)('without $guard there is still a service, and a scenario to break', async (mutation) => {
  const { edits, scenario } = mutation;
  for (const file of new Set(edits.map((edit) => edit.file))) {
    const ofFile = edits.filter((edit) => edit.file === file);
    const { diagnostics } = ts.transpileModule(await mutatedSource(file, ofFile), {
      reportDiagnostics: true,
      fileName: file,
    });
    expect(diagnostics).toEqual([]);
  }
  expect(scenarios.map(({ name }) => name)).toContain(scenario);
});
