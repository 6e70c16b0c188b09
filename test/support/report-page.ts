import { readFile, writeFile } from 'node:fs/promises';

/**
 * Puts a table in the place of the one below `<!-- mark -->` in a Markdown page, for the page to show what was
 * measured last. Throws when the page has no such place.
 */
export async function renewTable(page: string, mark: string, table: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const place = new RegExp(`(<!-- ${mark} -->\\n\\n)(?:\\|.*\\n)*\\n*`);
  if (!place.test(text)) throw new Error(`${page} has no place for a table of ${mark}`);
  await writeFile(
    page,
    text.replace(place, (_, before: string) => `${before}${table}\n\n`),
  );
}
