import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { loadDispatcherConfig, secretSettings, settings, type SettingName } from '#libs/config';
import { backOff } from '../../../apps/dispatcher/record/back-off.js';
import { textOf } from '../../support/documents.js';

interface Entry {
  name: SettingName;
  value: string;
  unit: string;
  byDefault: string;
  reason: string;
  comment: string;
}

const page = textOf('.env.example');
const entries = page.split(/\n{2,}/).flatMap(entryOf);

/** A block that ends in a setting; the head of the file and its rulers have none. */
function entryOf(block: string): Entry[] {
  const lines = block.trim().split('\n');
  const [, name, value] = /^#([A-Z_]+)=(.*)$/.exec(lines.at(-1) ?? '') ?? [];
  if (name === undefined || value === undefined) return [];
  const comment = lines
    .slice(0, -1)
    .map((line) => line.replace(/^# /, ''))
    .join(' ');
  const [, unit = '', byDefault = '', reason = ''] =
    /\. Unit: (.+?)\. Default: (.+?)\. Reason: (.+)\.$/.exec(comment) ?? [];
  return [{ name: name as SettingName, value, unit, byDefault, reason, comment }];
}

/** What a setting comes to when it is not set; undefined when it must be set, or follows from another one. */
function defaultOf(name: SettingName): unknown {
  const parsed = settings[name].safeParse(undefined);
  return parsed.success ? parsed.data : undefined;
}

/** What a setting chooses from, undefined for one that does not. */
function wordsOf(name: SettingName): (string | number)[] | undefined {
  const schema: z.ZodType = settings[name];
  const inner = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodEnum ? inner.options : undefined;
}

describe('.env.example', () => {
  it('has exactly the settings of the schema, each once', () => {
    expect(entries.map(({ name }) => name).toSorted()).toEqual(Object.keys(settings).toSorted());
  });

  it('sets nothing by itself, so that a copy of it changes only what is uncommented', () => {
    expect(page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });

  it.for(entries)('explains $name with its unit, its default and the reason for it', (entry) => {
    expect(entry.unit).not.toBe('');
    expect(entry.byDefault).not.toBe('');
    expect(entry.reason).not.toBe('');
  });

  it.for(entries.filter(({ name }) => defaultOf(name) !== undefined))(
    'shows the default of $name',
    ({ name, value, byDefault }) => {
      expect(settings[name].parse(value)).toEqual(defaultOf(name));
      expect(byDefault.split(/[;,]? /)[0]).toBe(value === '' ? 'none' : value);
    },
  );

  it.for(entries.filter(({ name }) => defaultOf(name) === undefined))(
    'shows a value of $name that is accepted, and says that there is no default of its own',
    ({ name, value, byDefault }) => {
      expect(settings[name].safeParse(value).success).toBe(true);
      expect(byDefault).toMatch(/^(none;|4 × PROVIDER_CONCURRENCY,|one for each core,)/);
    },
  );

  it('knows the default that follows from another one', () => {
    const entry = entries.find(({ name }) => name === 'MAX_UNRECORDED');
    const config = loadDispatcherConfig({
      DATABASE_URL: 'postgres://127.0.0.1/ems',
      PROVIDER_URL: 'http://127.0.0.1:3100',
      PROVIDER_TOKEN: 'token',
    });
    expect(entry?.value).toBe(String(config.maxUnrecorded));
    expect(entry?.byDefault).toBe(`4 × PROVIDER_CONCURRENCY, so ${config.maxUnrecorded}`);
  });

  it('says how long the attempts of a message take on average', () => {
    const valueOf = (name: string) => Number(entries.find((entry) => entry.name === name)?.value);
    const terms = {
      baseMs: valueOf('BACKOFF_BASE_MS'),
      capMs: valueOf('BACKOFF_CAP_MS'),
      remainingMs: Infinity,
    };
    let waited = 0;
    for (let attempts = 1; attempts < valueOf('MAX_ATTEMPTS'); attempts += 1) {
      waited += backOff(attempts, terms, 0.5);
    }
    const reason = entries.find(({ name }) => name === 'MAX_ATTEMPTS')?.reason;
    expect(reason).toContain(`${Math.round(waited / 60_000)} minutes on average`);
  });

  it.for(entries.filter(({ name, value }) => /^\d+$/.test(value) && wordsOf(name) === undefined))(
    'names the range of $name that is enforced',
    ({ name, unit }) => {
      const [, least, most] = /(?:^|, )(\d+) to (\d+)(?:;|$)/.exec(unit) ?? [];
      const accepts = (number: number) => settings[name].safeParse(String(number)).success;
      expect([least, most]).not.toContain(undefined);
      expect([Number(least) - 1, Number(least), Number(most), Number(most) + 1].map(accepts)).toEqual([
        false,
        true,
        true,
        false,
      ]);
    },
  );

  it('lists the words of each setting that takes one of several', () => {
    const choices = entries.flatMap(({ name, unit }) => {
      const words = wordsOf(name);
      return words ? [{ unit, words }] : [];
    });
    expect(choices.length).toBeGreaterThan(0);
    for (const { unit, words } of choices) expect(unit.split(/, | or /)).toEqual(words);
  });

  it('tells of the file that a secret may be given in, and of no other', () => {
    const withFile = entries.filter(({ name, comment }) => comment.includes(`${name}_FILE`));
    expect(withFile.map(({ name }) => name).toSorted()).toEqual(secretSettings.toSorted());
    expect(page.match(/_FILE\b/g)).toHaveLength(secretSettings.length);
  });
});
