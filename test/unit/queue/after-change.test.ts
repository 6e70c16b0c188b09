import { describe, expect, test } from 'vitest';
import { afterChange, afterMove, messageStatuses, returningChanged } from '#libs/queue/transitions';
import { sources } from '../../support/documents.js';

const writers = sources('apps', 'libs').filter(({ text }) =>
  /UPDATE messages|INSERT INTO messages/.test(text),
);

describe('each statement that moves messages, or adds them', () => {
  test('stands in a room of the queue, or among what people decide', () => {
    expect(writers.length).toBeGreaterThan(6);
    expect(writers.filter(({ path }) => !/^libs\/(queue\/[a-z]+|messages)\//.test(path))).toEqual([]);
  });

  test.for(writers)('yields what changed, and what follows from that: $path', ({ text }) => {
    const changes = text.match(/(?:UPDATE|INSERT INTO) messages\b/g) ?? [];
    expect(text.match(/\bchanged AS \(\s*(?:UPDATE|INSERT INTO) messages (?:AS )?m\b/g)).toHaveLength(
      changes.length,
    );
    expect(text.match(/\$\{returningChanged\(/g)).toHaveLength(changes.length);
    expect(text.match(/\$\{after(?:Change|Move)\(/g)).toHaveLength(changes.length);
  });
});

test('what changed names the message, where it belongs, and its status before and after', () => {
  expect(returningChanged({ was: 'l.was' }, 'm.attempts')).toBe(
    'RETURNING m.id, m.mailing_id, m.client_id, m.batch_id, l.was AS was, m.status AS becomes, m.attempts',
  );
});

test('a change moves the counter of every status, a move those of its two', () => {
  const columns = (sql: string) => /INSERT INTO mailing_counters \(([^)]*)\)/.exec(sql)?.[1]?.split(', ');
  expect(columns(afterChange('$1'))).toEqual(['mailing_id', 'shard', ...messageStatuses]);
  expect(columns(afterMove('$1', 'pending', 'sent'))).toEqual(['mailing_id', 'shard', 'pending', 'sent']);
});
