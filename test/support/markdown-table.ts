/** Rows under a heading, in columns that line up: figures to the right, words to the left. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const columnsOf = heading.map((title, at) => {
    const cells = rows.map((row) => row[at] ?? '');
    const width = Math.max(3, ...[title, ...cells].map((cell) => cell.length));
    const figures = cells.every((cell) => /^[\d\s.,/s]*$/.test(cell)) && cells.some((cell) => cell !== '');
    return { width, figures };
  });
  const line = (cells: readonly string[]) =>
    `| ${columnsOf.map(({ width, figures }, at) => (figures ? (cells[at] ?? '').padStart(width) : (cells[at] ?? '').padEnd(width))).join(' | ')} |`;
  const rule = columnsOf.map(({ width, figures }) =>
    figures ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [line(heading), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}
