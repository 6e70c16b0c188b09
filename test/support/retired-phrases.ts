import { tableRows, textOf } from './documents.js';
import { retiredPhrasesIn, sentencesOf, wordsOf } from './sentences.js';

/** Words that a sentence has at most. */
const LONGEST = 25;

/** The phrases that `docs/words.md` says are not used. */
export function retiredPhrases(): string[] {
  const [, notUsed = ''] = textOf('docs/words.md').split('## Words not used');
  return tableRows(notUsed, 'not').map(({ not = '' }) => not.replaceAll('`', ''));
}

/** What makes a text of Markdown less than plain: each sentence that is too long, and each retired phrase. */
export function notPlainIn(text: string, retired: readonly string[]): string[] {
  const long = sentencesOf(text).filter((sentence) => wordsOf(sentence) > LONGEST);
  return [
    ...long.map((sentence) => `${wordsOf(sentence)} words: ${sentence}`),
    ...retiredPhrasesIn(text, retired).map((phrase) => `"${phrase}": ${text}`),
  ];
}
