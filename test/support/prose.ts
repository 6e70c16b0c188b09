import { tableRows } from './documents.js';

/** The most words that a sentence of the documents has. */
export const MOST_WORDS = 25;

/** A phrase that the documents no longer use, and what they say instead. */
export interface RetiredWord {
  not: string;
  but: string;
}

/** After these a full stop ends no sentence. */
const abbreviation = /(?:^|[\s(])(?:e\.g|i\.e|cf|vs|approx|resp|incl)\.$/i;

/**
 * The sentences of a Markdown page as plain prose, in order: headings, paragraphs, items of lists and cells of tables.
 * Blocks of code and comments are left out, links are reduced to their text, and a span of code is one word.
 */
export function sentencesOf(page: string): string[] {
  return blocksOf(page).flatMap((block) => split(plain(block)));
}

/** Those of a page's sentences that have more words than a reader keeps in mind. */
export function longSentences(page: string, most = MOST_WORDS): string[] {
  return sentencesOf(page).filter((sentence) => wordsIn(sentence) > most);
}

/** How many words a sentence has; a dash or an operator by itself is none. */
export function wordsIn(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}`]/u.test(word)).length;
}

/** The table of a page that says which words are not used, and what to write instead. */
export function retiredWords(page: string): RetiredWord[] {
  return tableRows(page, 'not').map(({ not = '', but = '' }) => ({ not, but }));
}

/** The retired words that a page uses in its prose, whatever their capitals. Code may be named as it is named. */
export function retiredWordsIn(text: string, retired: readonly RetiredWord[]): string[] {
  const prose = sentencesOf(text)
    .map((sentence) => sentence.replaceAll(/`[^`]*`/g, '`'))
    .join('\n');
  return retired.map(({ not }) => not).filter((phrase) => asPattern(phrase).test(prose));
}

/** What makes a text less than plain: each sentence that is too long, and each retired word. */
export function notPlainIn(text: string, retired: readonly RetiredWord[]): string[] {
  return [
    ...longSentences(text).map((sentence) => `${wordsIn(sentence)} words: ${sentence}`),
    ...retiredWordsIn(text, retired).map((phrase) => `"${phrase}": ${text}`),
  ];
}

function asPattern(phrase: string): RegExp {
  const literal = phrase
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
    .join(String.raw`\s+`);
  return new RegExp(String.raw`(?<![\p{L}\p{N}])${literal}(?![\p{L}\p{N}])`, 'iu');
}

/** What belongs together on a page: each heading, paragraph, item and cell is a text of its own. */
function blocksOf(page: string): string[] {
  const lines = page
    .replaceAll(/^( *)```.*?^\1```$/gms, '\n')
    .replaceAll(/<!--.*?-->/gs, '\n')
    .split('\n');
  const blocks: string[] = [];
  let open = false;
  for (const line of lines) {
    const text = line.replace(/^[\s>]*(?:[*+-] |\d+\. |#+ )?/, '').trim();
    if (text.startsWith('|')) {
      if (!/^[\s|:-]+$/.test(text)) blocks.push(...cellsOf(text));
      open = false;
    } else if (text === '') {
      open = false;
    } else {
      const goesOn = open && !/^\s*(?:[*+-] |\d+\. |#+ )/.test(line);
      if (goesOn) blocks.push(`${blocks.pop() ?? ''} ${text}`);
      else blocks.push(text);
      open = !line.startsWith('#');
    }
  }
  return blocks;
}

function cellsOf(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
    .filter((cell) => cell !== '');
}

/** Markdown's signs taken away. The blanks within code become `␣`, so that it stays one word of one sentence. */
function plain(block: string): string {
  return block
    .replaceAll(/(`+)(.+?)\1/g, (_, _ticks, code: string) => `\`${code.replaceAll(/\s/g, '␣')}\``)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/<([a-z]+:[^\s>]+)>/g, '$1')
    .replaceAll(/\*\*(.+?)\*\*/g, '$1');
}

/** A sentence ends with its sign and a blank, which names of files, figures and addresses don't have inside. */
function split(text: string): string[] {
  const sentences: string[] = [];
  let sentence = '';
  for (const part of text.split(/(?<=[\p{L}\p{N}`)\]"'%…][!.?…]["')\]]*)\s+/u)) {
    sentence = sentence === '' ? part : `${sentence} ${part}`;
    if (abbreviation.test(sentence)) continue;
    sentences.push(sentence);
    sentence = '';
  }
  return sentence === '' ? sentences : [...sentences, sentence];
}
