import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the repository, by its path from the root. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function exists(path: string): boolean {
  return existsSync(join(root, path));
}

/** Every document, by its path from the root. */
export const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name))
    .toSorted(),
];

/** The sources below some folders, tests left out unless asked for: path and text. */
export function sources(...folders: string[]): { path: string; text: string }[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({ path: join(folder, name), text: textOf(join(folder, name)) })),
  );
}

export interface CodeBlock {
  language: string;
  text: string;
}

/** The fenced blocks of a Markdown page. */
export function codeBlocks(page: string): CodeBlock[] {
  return [...page.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** What stands between backticks in the prose and the tables of a page. */
export function codeSpans(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
}

/** Links to files of the repository: path from the root, and the anchor if there is one. */
export function relativeLinks(document: string): { path: string; anchor: string | undefined }[] {
  const links = [...withoutBlocks(textOf(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to);
  return links
    .filter((to) => !/^[a-z]+:/.test(to))
    .map((to) => {
      const [file = '', anchor] = to.split('#');
      const path = file === '' ? document : relative(root, join(root, dirname(document), file));
      return { path, anchor };
    });
}

/** The anchors that GitHub gives a page's headings. */
export function anchors(page: string): string[] {
  return [...withoutBlocks(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** The rows of the table whose first heading is `first`, as cells by heading. Throws when there is none. */
export function tableRows(page: string, first: string): Record<string, string>[] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => cells(line)[0] === first);
  if (head === -1) throw new Error(`There is no table that begins with "${first}".`);
  const headings = cells(lines[head] ?? '');
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest
    .slice(0, end === -1 ? undefined : end)
    .map((line) => Object.fromEntries(cells(line).map((cell, index) => [headings[index] ?? '', cell])));
}

function cells(line: string): string[] {
  return line.startsWith('|')
    ? line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim())
    : [];
}

function withoutBlocks(page: string): string {
  return page.replaceAll(/^```.*?^```$/gms, '');
}
