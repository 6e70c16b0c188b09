import { codeBlocks, codeSpans } from './documents.js';

/** One request that a document shows. */
export interface CurlCommand {
  method: string;
  port: number;
  path: string;
  body: unknown;
}

/** The calls of curl that a page shows, in its shell blocks first. Throws for an option it doesn't know. */
export function curlCommands(page: string): CurlCommand[] {
  const lines = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'));
  return [...lines, ...codeSpans(page)].filter((line) => line.startsWith('curl ')).map(parse);
}

function parse(line: string): CurlCommand {
  const [, ...words] = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain ?? '',
  );
  let method: string | undefined;
  let url: URL | undefined;
  let body: unknown;
  let isJson = false;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift();
    else if (word === '-d') body = JSON.parse(words.shift() ?? '');
    else if (word === '-H') isJson = words.shift() === 'content-type: application/json';
    else if (URL.canParse(word)) url = new URL(word);
    else if (word !== '-sS') throw new Error(`Not understood in "${line}": ${word}`);
  }
  if (url === undefined) throw new Error(`No address in "${line}"`);
  if ((body !== undefined) !== isJson) throw new Error(`A body and its type belong together: ${line}`);
  const { port, pathname, search } = url;
  return {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    port: Number(port),
    path: `${pathname}${search}`,
    body,
  };
}
