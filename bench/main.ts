import { parseArgs } from 'node:util';
import { markdownTable } from '../test/support/markdown-table.js';
import { renewTable } from '../test/support/report-page.js';
import { showAgainst } from './against/show.js';
import type { Finding } from './finding.js';
import { showGrowth } from './growth/show.js';
import { machineTable } from './machine.js';
import { rows } from './rows/index.js';

const { values } = parseArgs({
  options: {
    row: { type: 'string', multiple: true, default: [] },
    json: { type: 'boolean', default: false },
    growth: { type: 'boolean', default: false },
    page: { type: 'string' },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const usage = `npm run bench                            measures every row against its reference and its bar
npm run bench -- --row <name>            one row; may be repeated, or a list as in send,peers
npm run bench -- --against <revision>    rows as they are and as they were: messages/s and ms, in five pairs
npm run bench -- --json                  the findings as JSON on stdout, all else on stderr
npm run bench -- --page <file>           writes all rows, and what they were measured on, into a Markdown page
npm run bench -- --growth                what a message and a read cost as the tables grow
npm run bench -- --growth --page <file>  writes that into a Markdown page, and growth.svg beside it

rows: ${rows.map(({ name }) => name).join(', ')}
`;
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

/** With `--json` the findings alone are on stdout. */
const print = (line: string) => (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const figure = (value: number | null) =>
  value === null ? '' : value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });

function lineOf(finding: Finding): string[] {
  const { row, what, ours, reference, ratio, spread, bar, holds } = finding;
  return [
    row,
    what,
    figure(ours),
    figure(reference),
    figure(ratio),
    `${figure(spread[0])}–${figure(spread[1])}`,
    bar,
    holds ? 'yes' : 'no',
  ];
}

if (values.growth) {
  await showGrowth(print, values.page);
  process.exit(0);
}

const columns = ['row', 'what', 'ours', 'reference', 'ratio', 'spread', 'bar', 'holds'];
const named = values.row.flatMap((names) => names.split(',')).filter((name) => name !== '');
const unknown = named.filter((name) => !rows.some((row) => row.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no row ${unknown.join(', ')}, but ${rows.map(({ name }) => name).join(', ')}\n`,
  );
  process.exit(2);
}
if (values.page !== undefined && named.length > 0) {
  process.stderr.write('--page takes the table of all rows, so it goes without --row\n');
  process.exit(2);
}
if (values.against !== undefined) {
  const speeds = rows.filter(({ speed }) => speed);
  const others = named.filter((name) => !speeds.some((row) => row.name === name));
  if (others.length > 0) {
    process.stderr.write(
      `${others.join(', ')}: --against compares ${speeds.map(({ name }) => name).join(', ')} only\n`,
    );
    process.exit(2);
  }
  const asked = named.length > 0 ? speeds.filter(({ name }) => named.includes(name)) : speeds;
  const slower = await showAgainst(print, values.against, asked);
  process.exit(slower === 0 ? 0 : 1);
}
const findings: Finding[] = [];
let skipped = 0;
for (const row of rows) {
  if (named.length > 0 && !named.includes(row.name)) continue;
  const startedAt = performance.now();
  try {
    const found = await row.measure();
    findings.push(...found);
    for (const finding of found) print(lineOf(finding).join(' | '));
    print(`  (${((performance.now() - startedAt) / 1_000).toFixed(0)} s)`);
  } catch (error) {
    skipped += 1;
    print(`${row.name} could not be measured: ${String(error)}`);
  }
}
const table = markdownTable(columns, findings.map(lineOf));
print(`\n${table}\n`);
if (values.page !== undefined && skipped > 0) print(`${values.page} is left as it was, for want of rows`);
else if (values.page !== undefined) {
  await renewTable(values.page, 'bench', table);
  await renewTable(values.page, 'machine', await machineTable());
}
if (values.json) process.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
const broken = findings.filter(({ holds }) => !holds).length;
print(`bars: ${findings.length - broken} hold, ${broken} do not, ${skipped} rows could not be measured`);
process.exit(broken + skipped === 0 ? 0 : 1);
