import { Problem } from '#libs/problems';
import { DigitsAsNumber, IntegerField } from './number-fields.js';
import { TextField } from './text-fields.js';

/** What every list can be asked for. */
export class PageQuery {
  @DigitsAsNumber()
  @IntegerField({
    description: 'How many items the page has at most. Default: 50.',
    optional: true,
    min: 1,
    max: 500,
    default: 50,
    example: 50,
  })
  limit: number = 50;

  @TextField({
    description: 'The `nextCursor` of the previous page. Leave it out for the first page.',
    optional: true,
    max: 100,
  })
  cursor?: string;
}

export interface Page<Item> {
  items: Item[];
  /** Asks for the next page; null when there is none. */
  nextCursor: string | null;
}

/**
 * Writes and reads the cursors of one list, so that a cursor of another list is refused. The cursor is the key
 * of the last item seen: what is added or removed meanwhile neither repeats nor hides any other item.
 */
export class Cursors {
  constructor(private readonly list: string) {}

  write(lastKey: number): string {
    return Buffer.from(`${this.list}:${lastKey}`).toString('base64url');
  }

  /** The key in a cursor, undefined without a cursor. Throws a {@link Problem} for one that isn't of this list. */
  read(cursor: string | undefined): number | undefined {
    if (cursor === undefined) return undefined;
    const [list, key] = Buffer.from(cursor, 'base64url').toString().split(':');
    const lastKey = Number(key);
    if (list === this.list && Number.isSafeInteger(lastKey) && this.write(lastKey) === cursor) return lastKey;
    throw Problem.invalid([{ path: 'cursor', message: 'must be a nextCursor of this list' }]);
  }

  /** The page of `rows` when one more than `limit` was asked for, which tells whether there is a next page. */
  page<Row, Item>(
    rows: readonly Row[],
    limit: number,
    keyOf: (row: Row) => number,
    toItem: (row: Row) => Item,
  ): Page<Item> {
    const shown = rows.slice(0, limit);
    const last = shown.at(-1);
    const isMore = rows.length > limit && last !== undefined;
    return { items: shown.map(toItem), nextCursor: isMore ? this.write(keyOf(last)) : null };
  }
}
