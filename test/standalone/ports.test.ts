import { describe, expect, it } from 'vitest';
import { movedPorts } from '../../apps/standalone/ports.js';

describe('ports other than the usual ones', () => {
  const usual = { setting: undefined, usual: 3100, got: 3100 };

  it('are named with those they stand in for', () => {
    const moved = [
      { setting: undefined, usual: 3100, got: 4100 },
      { setting: undefined, usual: 3101, got: 4101 },
    ];

    expect(movedPorts(moved)).toBe(
      'port 4100 instead of 3100 and port 4101 instead of 3101, which are in use by another program',
    );
    expect(movedPorts([usual, moved[1]!])).toBe(
      'port 4101 instead of 3101, which is in use by another program',
    );
  });

  it('are not worth a word when they were asked for, or when there are none', () => {
    expect(movedPorts([usual, { setting: 5000, usual: 3101, got: 5000 }])).toBe('');
  });
});
