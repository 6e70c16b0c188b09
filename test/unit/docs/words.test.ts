import { describe, expect, it } from 'vitest';
import { codeBlocks, sources, tableRows, textOf } from '../../support/documents.js';
import { longSentences } from '../../support/prose.js';
import { methodNames, publicNames, wordsOfName } from '../../support/public-names.js';

const page = textOf('docs/words.md');
const terms = tableRows(page, 'word');
/** The terms and their forms, word by word. */
const defined = new Set(
  terms
    .flatMap(({ word = '', 'also in names': also = '' }) => [word, ...also.split(',')])
    .flatMap((words) => words.toLowerCase().match(/[a-z]+/g) ?? []),
);
const everyday = new Set(
  codeBlocks(page)
    .filter(({ language }) => language === 'text')
    .flatMap(({ text }) => text.match(/\S+/g) ?? []),
);
const names = publicNames('apps/dispatcher', 'libs/queue');

/** The words of a name that docs/words.md has not. */
function unknownWordsOf(name: string): string[] {
  return wordsOfName(name).filter((word) => !defined.has(word) && !everyday.has(word));
}

describe('a public name of the engine', () => {
  it('is made of words that docs/words.md has', () => {
    expect(names.length).toBeGreaterThan(200);
    expect(
      names.flatMap(({ name, path }) => unknownWordsOf(name).map((word) => `${word}: ${name}, ${path}`)),
    ).toEqual([]);
  });

  it('is found when a word of it is new', () => {
    expect(unknownWordsOf('frobnicateLease')).toEqual(['frobnicate']);
    expect(unknownWordsOf('LEASE_GIZMO')).toEqual(['gizmo']);
    expect(unknownWordsOf('grantSlice')).toEqual([]);
  });
});

describe('docs/words.md', () => {
  it('defines each term once, and as a term or an everyday word, not both', () => {
    const words = terms.map(({ word = '' }) => word);
    expect(words.length).toBeGreaterThan(50);
    expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
    expect([...everyday].filter((word) => defined.has(word))).toEqual([]);
  });

  it('says what each means in a sentence that is not long', () => {
    expect(terms.filter(({ means = '' }) => means === '')).toEqual([]);
    expect(longSentences(page)).toEqual([]);
  });

  it('has no everyday word that no name has', () => {
    const used = new Set(names.flatMap(({ name }) => wordsOfName(name)));
    expect([...everyday].filter((word) => !used.has(word))).toEqual([]);
  });

  it('has no term that the engine does not use', () => {
    const code = sources('apps/dispatcher', 'libs/queue', 'libs/providers')
      .map(({ text }) => text)
      .join('\n')
      .toLowerCase();
    const unused = terms.filter(
      ({ word = '' }) => !code.includes((word.split(/[ -]/)[0] ?? '').toLowerCase()),
    );
    expect(unused.map(({ word }) => word)).toEqual([]);
  });

  it('names the verbs that stand on several classes, and no others', () => {
    const classesOf = new Map<string, Set<string>>();
    for (const { name, of = '' } of methodNames('apps/dispatcher', 'libs/queue')) {
      classesOf.set(name, (classesOf.get(name) ?? new Set()).add(of));
    }
    const shared = [...classesOf].filter(([, classes]) => classes.size > 1).map(([name]) => name);
    expect(shared.toSorted()).toEqual(tableRows(page, 'verb').map(({ verb = '' }) => verb));
  });
});
