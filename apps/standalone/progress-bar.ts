const width = 30;
const count = new Intl.NumberFormat('en-US');

export interface Progress {
  readonly total: number;
  /** By status; those that are not here are none. */
  readonly byStatus: Readonly<Record<string, number>>;
}

/** How many messages have come to an end, well or not. */
function settled({ byStatus }: Progress): number {
  return Object.entries(byStatus).reduce((sum, [status, n]) => (status === 'pending' ? sum : sum + n), 0);
}

/** One line such as `[###########-------------------]  371 of 1,000 (sent 370, failed 1)`. */
export function progressBar(progress: Progress): string {
  const done = settled(progress);
  const filled = progress.total === 0 ? 0 : Math.floor((width * done) / progress.total);
  const bar = '#'.repeat(filled) + '-'.repeat(width - filled);
  const parts = Object.entries(progress.byStatus)
    .filter(([status, n]) => n > 0 && status !== 'pending')
    .map(([status, n]) => `${status} ${count.format(n)}`);
  const detail = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  return `[${bar}] ${count.format(done)} of ${count.format(progress.total)}${detail}`;
}
