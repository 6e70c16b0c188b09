import { expect, test } from 'vitest';
import type { Scenario } from '../../faults/scenario.js';
import { scenarios } from '../../faults/scenarios/index.js';
import { faketime, missingTools } from '../../faults/tool.js';

const scenario = (name: string, needs: Scenario['needs']): Scenario => ({
  name,
  what: '',
  quick: false,
  ...(needs ? { needs } : {}),
  run: async () => undefined,
});

test('a scenario without its tool is told of before the run, with the line that installs it', () => {
  const tool = { name: 'a tool', install: 'apt-get install a-tool' };
  expect(
    missingTools([
      scenario('lacks', { ...tool, file: undefined }),
      scenario('has', { ...tool, file: '/usr/lib/a-tool' }),
      scenario('needs-none', undefined),
    ]),
  ).toEqual(['lacks will fail: it needs a tool. Install it first: apt-get install a-tool']);
});

test('wrong clocks need faketime', () => {
  expect(scenarios.filter(({ needs }) => needs === faketime).map(({ name }) => name)).toEqual([
    'wrong-clocks',
  ]);
});
