import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renewTable } from '../../test/support/report-page.js';
import { chartOf } from './chart.js';
import { footprintTable, growthTable, measureGrowth, seriesOf } from './growth.js';

/** Measures and prints; with a page, also renews its tables of `growth` and `footprint` and the picture beside it. */
export async function showGrowth(print: (line: string) => void, page: string | undefined): Promise<void> {
  const sizes = await measureGrowth(print);
  const growth = growthTable(sizes);
  const footprint = footprintTable(sizes);
  print(`\n${growth}\n\n${footprint}`);
  if (page === undefined) return;
  await renewTable(page, 'growth', growth);
  await renewTable(page, 'footprint', footprint);
  const chart = chartOf(
    sizes.map(({ oldMessages }) => oldMessages),
    seriesOf(sizes),
  );
  await writeFile(join(dirname(page), 'growth.svg'), chart);
}
