import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

export interface RunOptions {
  seed: number;
  quick: boolean;
  /** Names of scenarios; all when empty. */
  only: readonly string[];
  /** Where to write the results as JSON. */
  json: string | undefined;
  /** The Markdown page whose tables are to be renewed. */
  page: string | undefined;
  list: boolean;
}

/** Reads the command line; throws with a sentence about what is wrong with it. */
export function readOptions(words: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seed: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      page: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
  });
  const seed = values.seed === undefined ? randomInt(1, 1_000_000) : Number(values.seed);
  if (!Number.isSafeInteger(seed)) throw new Error(`--seed ${values.seed} is no whole number`);
  return {
    seed,
    quick: values.quick,
    only: values.only.flatMap((names) => names.split(',')).filter((name) => name !== ''),
    json: values.json,
    page: values.page,
    list: values.list,
  };
}
