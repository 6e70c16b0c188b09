import { describe, expect, it } from 'vitest';
import { documents, textOf } from '../../support/documents.js';
import { longSentences, retiredWords, retiredWordsIn, sentencesOf, wordsIn } from '../../support/prose.js';

const alone = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'docs/message-lifecycle.md',
  'docs/nats.md',
  'docs/scaling.md',
  'docs/simulator.md',
];

/** The pages that people read in a hurry. */
const pages = documents
  .filter((path) => alone.includes(path) || path.startsWith('docs/operations/'))
  .map((path) => ({ path, text: textOf(path) }));

const retired = retiredWords(textOf('docs/words.md'));

describe.for(pages)('$path', ({ path, text }) => {
  it('has no sentence of more than 25 words', () => {
    expect(sentencesOf(text).length, path).toBeGreaterThan(8);
    expect(longSentences(text)).toEqual([]);
  });

  it('uses the words of docs/words.md', () => {
    expect(retired.length).toBeGreaterThan(5);
    expect(retiredWordsIn(text, retired)).toEqual([]);
  });
});

describe('the pages whose prose is read', () => {
  it('are as many, and say as much, as these tests take them for', () => {
    expect(pages.map(({ path }) => path)).toEqual(expect.arrayContaining(alone));
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.flatMap(({ text }) => sentencesOf(text)).length).toBeGreaterThan(600);
  });
});

describe('a sentence', () => {
  const cases: { what: string; page: string; sentences: string[] }[] = [
    {
      what: 'ends at a full stop, a question mark and an exclamation mark',
      page: 'One. Two? Three! four (five.) Six.',
      sentences: ['One.', 'Two?', 'Three!', 'four (five.)', 'Six.'],
    },
    {
      what: 'goes on after e.g. and i.e.',
      page: 'Take a key, e.g. Alpha (i.e. Beta). Done.',
      sentences: ['Take a key, e.g. Alpha (i.e. Beta).', 'Done.'],
    },
    {
      what: 'goes on within figures, names of files and addresses',
      page: 'It takes 1.5 s, see .env.example or https://example.com/a.b?c.d for Node 24.15. INSERT .. SELECT.',
      sentences: [
        'It takes 1.5 s, see .env.example or https://example.com/a.b?c.d for Node 24.15.',
        'INSERT .. SELECT.',
      ],
    },
    {
      what: 'has the text of a link, and neither its address nor stars',
      page: '**See** [the page](docs/a.md#b), ![a picture](c.svg) and <http://127.0.0.1:3000/docs>.',
      sentences: ['See the page, a picture and http://127.0.0.1:3000/docs.'],
    },
    {
      what: 'has a span of code as one word that ends nothing',
      page: 'Write `a. B c?` and ``d ` e``. Then `f`. Done.',
      sentences: ['Write `a.␣B␣c?` and `d␣`␣e`.', 'Then `f`.', 'Done.'],
    },
    {
      what: 'is not made of blocks of code and comments',
      page: 'Before\n\n```sh\nnot this. nor this\n```\n\n1. One\n\n   ```sh\n   nor this\n   ```\n\n<!-- nor\nthis -->\n\nAfter',
      sentences: ['Before', 'One', 'After'],
    },
    {
      what: 'ends with its heading, its paragraph and its item, and goes on in the next line of the same',
      page: '# Head\nFirst\nline\n\nSecond\n- Item\n  of two lines\n- Other\n2. Third\n> Said',
      sentences: ['Head', 'First line', 'Second', 'Item of two lines', 'Other', 'Third Said'],
    },
    {
      what: 'ends with its cell',
      page: String.raw`| a b | c |
| --- | --: |
| one. Two | \`x \| y\` |
|  | three |
After`.replaceAll('\\`', '`'),
      sentences: ['a b', 'c', 'one.', 'Two', String.raw`\`x␣\|␣y\``.replaceAll('\\`', '`'), 'three', 'After'],
    },
  ];

  it.for(cases)('$what', ({ page, sentences }) => {
    expect(sentencesOf(page)).toEqual(sentences);
  });

  it('is as long as its words, of which code is one and a sign by itself none', () => {
    expect(wordsIn(sentencesOf('Set `a = b` + 2 – or x/y.')[0] ?? '')).toBe(5);
  });

  it('is long with 26 words, in a paragraph, an item and a cell', () => {
    const words = (count: number) => Array.from({ length: count }, (_, at) => `w${at}`).join(' ');
    expect(longSentences(`${words(25)}. ${words(25)}\n\n- ${words(25)}\n\n| ${words(25)} |`)).toEqual([]);
    expect(longSentences(`${words(26)}.\n\n- ${words(26)}\n\n| ${words(3)} | ${words(26)} |`)).toEqual([
      `${words(26)}.`,
      words(26),
      words(26),
    ]);
  });
});

describe('retired words', () => {
  const list = retiredWords(
    '| not | but |\n| --- | --- |\n| knows an id again | deduplicates |\n| on hold. | - |\n',
  );

  it('are the rows of their table', () => {
    expect(list).toEqual([
      { not: 'knows an id again', but: 'deduplicates' },
      { not: 'on hold.', but: '-' },
    ]);
  });

  it('are found whatever their capitals and line ends, as whole words and literally', () => {
    expect(retiredWordsIn('A provider that Knows an\nid again.', list)).toEqual(['knows an id again']);
    expect(retiredWordsIn('unknows an id again, knows an id against, on holds', list)).toEqual([]);
    expect(retiredWordsIn('It is on hold. So', list)).toEqual(['on hold.']);
  });

  it('may stand in code', () => {
    expect(retiredWordsIn('`knows an id again`\n\n```\nknows an id again\n```\n', list)).toEqual([]);
  });
});
