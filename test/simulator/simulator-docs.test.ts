import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseBehaviour } from '../../apps/simulator/behaviour.js';
import { faultKinds } from '../../apps/simulator/fault-schema.js';
import { outcomes } from '../../apps/simulator/record-rows.js';
import { simulator } from './simulator-fixture.js';

const page = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
const steering = [...page.matchAll(/^control (PUT|PATCH) '(.+)'$/gm)];
const reading = [...page.matchAll(/^curl -sS (?:-X (\w+) )?'?http:\/\/127\.0\.0\.1:3101([^\s']+)/gm)];

describe('docs/simulator.md', () => {
  it('steers by calls that work, and shows every kind of fault', async () => {
    const { control } = await simulator();
    expect(steering.length).toBeGreaterThan(faultKinds.length);
    for (const [, method, body] of steering) {
      const { status } = await control.call(method === 'PUT' ? 'PUT' : 'PATCH', '/control', body);
      expect(`${body}: ${status}`).toBe(`${body}: 200`);
    }
    const shown = steering.flatMap(([, , body]) => [...String(body).matchAll(/"kind":"(\w+)"/g)]);
    expect(new Set(shown.map(([, kind]) => kind))).toEqual(new Set(faultKinds));
  });

  it('reads by calls that work', async () => {
    const { control, send } = await simulator();
    await send(17);
    expect(reading.length).toBeGreaterThan(5);
    for (const [, method, path] of reading) {
      const { status } = await control.call(method === 'DELETE' ? 'DELETE' : 'GET', String(path));
      expect(`${path}: ${status}`).toMatch(/: 20[04]$/);
    }
  });

  it('names every field of the behaviour and every outcome', () => {
    for (const name of [...Object.keys(parseBehaviour({})), ...outcomes]) {
      expect(page).toContain(`| \`${name}\``);
    }
  });
});
