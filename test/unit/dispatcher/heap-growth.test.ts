import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

/**
 * What the old generation held on average, in MiB, while 400 MiB of short-lived objects passed through it. The growth
 * counts from a full collection on. A dispatcher's start ends with one; this script asks for its own, as V8 of Node 24
 * looks for the first time by itself only after all of this. The average, since the peak depends on how long marking
 * beside the script takes, and so on what else the machine does.
 */
function averageOld(prelude: string): number {
  const script = `${prelude}
    import { getHeapSpaceStatistics } from 'node:v8';
    const old = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'old_space').space_used_size;
    const alive = Array.from({ length: 200_000 }, (_, id) => ({ id, text: 'alive ' + id }));
    gc();
    const line = [];
    const seen = [];
    for (let id = 0; id < 4_000_000; id += 1) {
      line[id % 200_000] = { id, text: id + ' waits' };
      if (id % 20_000 === 0) seen.push(old());
    }
    const sum = seen.reduce((total, used) => total + used, 0);
    console.log(alive.length > 0 ? sum / seen.length / 1_048_576 : NaN);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '--eval', script],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  return Number(stdout);
}

test('garbage does not pile up in the old generation', () => {
  const asV8Ships = averageOld('');
  const slowly = averageOld(`import './dist/apps/dispatcher/heap-growth.js';`);
  expect(slowly).toBeGreaterThan(10);
  expect(slowly).toBeLessThan(asV8Ships * 0.75);
});
