const defaultBudget = 64 * 1024 * 1024;

/** A stored text, or the hash that is all that was kept of it. */
export type StoredText = { readonly text: string } | { readonly text: null; readonly textHash: number };

/**
 * Keeps each distinct text once and stands a number for it, so that a million requests with one text cost one
 * string. Once `budget` characters of distinct texts are kept, further ones leave only a 53-bit hash: enough
 * to see whether two requests had the same text, and memory stays bounded when every text is personal.
 */
export class TextStore {
  readonly #texts: string[] = [];
  readonly #references = new Map<string, number>();
  #characters = 0;

  constructor(private readonly budget: number = defaultBudget) {}

  /** The number that stands for `text`: ≥ 0 when it is kept, negative when only its hash is. */
  put(text: string): number {
    const known = this.#references.get(text);
    if (known !== undefined) return known;
    if (this.#characters + text.length > this.budget) return -1 - hash53(text);
    const reference = this.#texts.push(text) - 1;
    this.#references.set(text, reference);
    this.#characters += text.length;
    return reference;
  }

  get(reference: number): StoredText {
    if (reference < 0) return { text: null, textHash: -1 - reference };
    const text = this.#texts[reference];
    if (text === undefined) throw new RangeError(`no text was stored as ${reference}`);
    return { text };
  }
}

/** cyrb53: two multiplicative 32-bit hashes with a final mix, of which 53 bits fit into a number. */
function hash53(text: string): number {
  let first = 0xdeadbeef;
  let second = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 2_654_435_761);
    second = Math.imul(second ^ unit, 1_597_334_677);
  }
  first =
    Math.imul(first ^ (first >>> 16), 2_246_822_507) ^ Math.imul(second ^ (second >>> 13), 3_266_489_909);
  second =
    Math.imul(second ^ (second >>> 16), 2_246_822_507) ^ Math.imul(first ^ (first >>> 13), 3_266_489_909);
  return 4_294_967_296 * (2_097_151 & second) + (first >>> 0);
}
