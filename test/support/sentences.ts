/** After these a dot ends no sentence. */
const ABBREVIATION = /(?:^|[\s("'])(?:e\.g|i\.e|vs|cf|approx|No|St)\.$/;

/** A dot, and what closes behind it; what begins in lower case goes on with the sentence before. */
const END = /[.!?…]["'”’)\]*_]*\s+(?!\p{Ll})/gu;

/** The sentences of a Markdown text: of each paragraph, heading, item of a list and cell of a table by itself. */
export function sentencesOf(markdown: string): string[] {
  return blocksOf(markdown).flatMap(sentencesOfBlock);
}

/** The words of a sentence. Inline code is one; signs by themselves are none. */
export function wordsOf(sentence: string): number {
  const plain = sentence.replaceAll(/`[^`]*`/g, 'code');
  return plain.split(/\s+/).filter((part) => /[\p{L}\p{N}]/u.test(part)).length;
}

/** Those of the retired phrases that a text has, as whole words and in whatever case. */
export function retiredPhrasesIn(text: string, retired: readonly string[]): string[] {
  const spaced = text.toLowerCase().replaceAll(/\s+/g, ' ');
  return retired.filter((phrase) => {
    const escaped = phrase.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return new RegExp(String.raw`(?<![\p{L}\p{N}])${escaped}(?![\p{L}\p{N}])`, 'u').test(spaced);
  });
}

function blocksOf(markdown: string): string[] {
  const blocks: string[] = [];
  let open: string[] = [];
  const close = () => {
    if (open.length > 0) blocks.push(open.join(' '));
    open = [];
  };
  for (const line of markdown.replaceAll(/^ *```[^]*?^ *```$/gm, '').split('\n')) {
    const text = withoutMark(line);
    if (line.trim() === '' || text !== line.trim()) close();
    if (line.trim().startsWith('|')) blocks.push(...cellsOf(line));
    else if (text !== '') open.push(text);
    if (/^ *#/.test(line)) close();
  }
  close();
  return blocks.map(withoutLinks);
}

/** A line without what makes it a heading, an item or a quotation. */
function withoutMark(line: string): string {
  return line.trim().replace(/^(?:#+|[-*+]|\d+[.)]|>)\s+/, '');
}

function cellsOf(row: string): string[] {
  return row
    .trim()
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
    .filter((cell) => /[\p{L}\p{N}]/u.test(cell));
}

function withoutLinks(text: string): string {
  return text.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
}

function sentencesOfBlock(block: string): string[] {
  // What is between backticks ends no sentence, whatever it is.
  const masked = block.replaceAll(/`[^`]*`/g, (code) => `\`${'x'.repeat(code.length - 2)}\``);
  const sentences: string[] = [];
  let from = 0;
  for (const { 0: end, index } of masked.matchAll(END)) {
    if (ABBREVIATION.test(masked.slice(from, index + 1))) continue;
    sentences.push(block.slice(from, index + end.length).trim());
    from = index + end.length;
  }
  return [...sentences, block.slice(from).trim()].filter((sentence) => sentence !== '');
}
