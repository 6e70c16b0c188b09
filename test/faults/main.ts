import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { markdownTable } from '../support/markdown-table.js';
import { lineOf, reportOf, tableOf } from './report.js';
import { renewTable } from '../support/report-page.js';
import { readOptions, type RunOptions } from './run-options.js';
import type { Scenario } from './scenario.js';
import { type Result, ScenarioRun } from './scenario-run.js';
import { playTwiceAtMost } from './second-play.js';
import { scenarios } from './scenarios/index.js';
import { missingTools } from './tool.js';
import { makeTemplate } from './world/cluster-template.js';
import { RunFolder } from './world/run-folder.js';

const print = (line: string) => process.stdout.write(`${line}\n`);

function chosen({ only, quick }: RunOptions): readonly Scenario[] {
  const unknown = only.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}: see --list`);
  return scenarios.filter(
    (scenario) => (!quick || scenario.quick) && (only.length === 0 || only.includes(scenario.name)),
  );
}

/** Plays what was asked for; returns how many scenarios broke. */
async function run(options: RunOptions): Promise<number> {
  const cast = chosen(options);
  const folder = new RunFolder();
  const runner = new ScenarioRun(folder, options.seed, options.quick);
  const leave = () => {
    runner.endNow();
    folder.removeNow();
    process.exit(130);
  };
  process.once('SIGINT', leave).once('SIGTERM', leave);
  const results: Result[] = [];
  print(`seed ${options.seed}`);
  for (const missing of missingTools(cast)) print(missing);
  await folder.create();
  try {
    const template = await makeTemplate(folder.template);
    for (const scenario of cast) {
      const play = (nth: number) => runner.play(scenario, template, nth);
      results.push(await playTwiceAtMost(play, (result) => print(lineOf(result))));
    }
  } finally {
    await folder.remove(results.some(({ breaches }) => breaches.length > 0));
  }
  const broken = results.filter(({ breaches }) => breaches.length > 0);
  for (const result of broken) print(`\n${reportOf(result)}`);
  print(`\n${tableOf(results)}\n`);
  if (options.json !== undefined) {
    await mkdir(dirname(options.json), { recursive: true });
    await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  if (options.page !== undefined) {
    const stories = cast.map(({ name, what, quick }) => [name, what, quick ? 'yes' : '']);
    await renewTable(options.page, 'scenarios', markdownTable(['name', 'what happens', 'quick'], stories));
    await renewTable(options.page, 'results', tableOf(results));
  }
  const again = broken.length === 0 ? '' : ` (again: --seed ${options.seed})`;
  print(`scenarios: ${results.length - broken.length} passed, ${broken.length} failed${again}`);
  return broken.length;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.list) {
    for (const { name, quick, what } of scenarios) print(`${name}${quick ? ' (quick)' : ''}: ${what}`);
  } else {
    // Whatever still has a handle open is the suite's own: the verdict is out.
    process.exit((await run(options)) === 0 ? 0 : 1);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(2);
}
