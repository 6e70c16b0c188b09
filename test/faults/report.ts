import { markdownTable } from '../support/markdown-table.js';
import { invariants } from './invariant.js';
import type { Result } from './scenario-run.js';

const columns = [
  'scenario',
  'messages',
  'faults',
  'lost',
  'duplicates / bound',
  'held / bound',
  'recovery',
  'time',
];

/** The line of a scenario that has just ended, and below it what else it has measured. */
export function lineOf(result: Result): string {
  const verdict = result.breaches.length === 0 ? 'ok    ' : 'BROKEN';
  const again = result.brokeBefore ? ', again' : '';
  const broken = [...new Set(result.breaches.map(({ invariant }) => invariant))].join(', ');
  const line = `${verdict} ${result.name}${again} (${result.seconds.toFixed(1)} s)${broken === '' ? '' : `: ${broken}`}`;
  const slow = result.breaches.filter(({ invariant }) => invariant === 'recovery' || invariant === 'pace');
  const notes = [...(result.notes ?? []), ...slow.map(({ figures }) => `too slow: ${figures}`)];
  return [line, ...notes.map((note) => `         ${note}`)].join('\n');
}

/** All results as a Markdown table. */
export function tableOf(results: readonly Result[]): string {
  const rows = results.map((result) => [
    result.name,
    figure(result.messages),
    String(result.faults),
    figure(result.lost),
    `${figure(result.duplicates)} / ${figure(result.duplicatesAllowed)}`,
    `${figure(result.held)} / ${figure(result.heldAllowed)}`,
    result.recoveryMs === undefined ? '' : `${(result.recoveryMs / 1_000).toFixed(1)} s`,
    `${result.seconds.toFixed(0)} s`,
  ]);
  return markdownTable(columns, rows);
}

/** All about a scenario that broke: each invariant with its figures, the seed, the last words of the processes. */
export function reportOf(result: Result): string {
  const breaches = result.breaches.map(
    ({ invariant, figures }) => `  ${invariant} (${invariants[invariant]}): ${figures}`,
  );
  return [
    `${result.name}, seed ${result.seed}, broke:`,
    ...breaches,
    `All logs: ${result.logs}`,
    'The last output of its processes:',
    result.output,
  ].join('\n');
}

function figure(value: number | undefined): string {
  return value === undefined ? '?' : value.toLocaleString('en');
}
