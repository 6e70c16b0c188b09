import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** The most that the old generation held, in MiB, while 200 MiB of short-lived lists passed through it. */
function mostOld(prelude: string): number {
  const script = `${prelude}
    import { getHeapSpaceStatistics } from 'node:v8';
    const old = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size;
    const alive = Array.from({ length: 200_000 }, (_, id) => ({ id, text: 'alive ' + id }));
    const line = [];
    let most = 0;
    for (let id = 0; id < 2_000_000; id += 1) {
      line[id % 200_000] = { id, text: id + ' waits' };
      if (id % 20_000 === 0) most = Math.max(most, old());
    }
    console.log(alive.length > 0 ? most / 1_048_576 : NaN);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return Number(stdout);
}

test('garbage does not pile up in the old generation', () => {
  const asV8Ships = mostOld('');
  const slowly = mostOld(`import './dist/apps/dispatcher/heap-growth.js';`);
  expect(slowly).toBeGreaterThan(10);
  expect(slowly).toBeLessThan(asV8Ships * 0.75);
});
