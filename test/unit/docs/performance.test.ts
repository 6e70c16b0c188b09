import { describe, expect, it } from 'vitest';
import { rows } from '../../../bench/rows/index.js';
import { tableRows, textOf } from '../../support/documents.js';

const findings = tableRows(textOf('docs/performance.md'), 'row');
const number = (cell = '') => Number(cell.replaceAll(',', ''));

describe('docs/performance.md', () => {
  it('has every row of the bench', () => {
    expect([...new Set(findings.map(({ row }) => row))]).toEqual(rows.map(({ name }) => name));
  });

  it.each(findings)('has a figure within its bar: $what', ({ bar = '', ours, ratio, holds }) => {
    const [, direction, limit, unit] = /^([≥≤]) ([\d.]+) (×|ms|MiB)$/.exec(bar) ?? [];
    const figure = number(unit === '×' ? ratio : ours);

    if (direction === '≥') expect(figure).toBeGreaterThanOrEqual(number(limit));
    else expect(figure).toBeLessThanOrEqual(number(limit));
    expect(holds).toBe('yes');
  });

  it('is where the figures of the README come from', () => {
    const short = tableRows(textOf('README.md'), 'what');

    expect(short.length).toBeGreaterThan(5);
    for (const row of short) expect(findings).toContainEqual(expect.objectContaining(row));
  });
});
