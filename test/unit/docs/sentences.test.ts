import { describe, expect, it } from 'vitest';
import { retiredPhrasesIn, sentencesOf, wordsOf } from '../../support/sentences.js';

describe('sentences', () => {
  it('end at a dot before a blank, and not inside of names, numbers and code', () => {
    expect(sentencesOf('One of 1.5 s. See `a. B` in a.md, e.g. Twice. Or https://x.y/z. End')).toEqual([
      'One of 1.5 s.',
      'See `a. B` in a.md, e.g. Twice.',
      'Or https://x.y/z.',
      'End',
    ]);
    expect(sentencesOf('`sent`: it was. `failed`: it was not. And etc. goes on.')).toEqual([
      '`sent`: it was.',
      '`failed`: it was not.',
      'And etc. goes on.',
    ]);
  });

  it('are those of each block by itself', () => {
    const page = [
      '# A heading',
      'A paragraph',
      'of [two lines](https://x.y/a.b).',
      '- one item',
      '  with more',
      '1. another item',
      '',
      '| a cell | `b` |',
      '| --- | --- |',
      '```sh',
      'No. Prose.',
      '```',
      'The end.',
    ].join('\n');
    expect(sentencesOf(page)).toEqual([
      'A heading',
      'A paragraph of two lines.',
      'one item with more',
      'another item',
      'a cell',
      '`b`',
      'The end.',
    ]);
  });

  it('have words, of which code is one', () => {
    expect(wordsOf('Send `GET /v1/clients?phone=` — twice, well-known.')).toBe(4);
    expect(wordsOf('')).toBe(0);
  });

  it('have retired phrases as whole words only', () => {
    expect(retiredPhrasesIn('This Can\nnot be.', ['can not', 'cannot'])).toEqual(['can not']);
    expect(retiredPhrasesIn('It can nothing, an (e.g.)', ['can not', 'e.g.'])).toEqual(['e.g.']);
  });
});
