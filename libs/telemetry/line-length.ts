/** Characters of a line that is written as it is. */
const LONGEST_LINE = 16_384;
/** Characters that are kept of each text in a longer one. */
const LONGEST_TEXT = 1_000;
/** Entries that are kept of each list or object in a longer one. */
const MOST_ENTRIES = 20;

/**
 * Cuts a finished line of JSON that is longer than 16 KB: long texts in it, then long lists, and of what is
 * still too long only its beginning remains, as a text. A line stays whole JSON, and a short one as it
 * was.
 */
export function cutLine(line: string): string {
  if (line.length <= LONGEST_LINE) return line;
  const fields = JSON.parse(line) as Record<string, unknown>;
  const cut = `${JSON.stringify(cutValue(fields))}\n`;
  if (cut.length <= LONGEST_LINE) return cut;
  const { level, time } = fields;
  const beginning = line.slice(0, LONGEST_TEXT);
  return `${JSON.stringify({ level, time, msg: 'a line was too long', beginning })}\n`;
}

function cutValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 3) return '…';
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((entry) => cutValue(entry, depth + 1));
  const entries = Object.entries(value).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([name, entry]) => [name, cutValue(entry, depth + 1)]));
}
