import { describe, expect, test } from 'vitest';
import { aliasesOf, validatePayload, ZoneField } from '#libs/payloads';

class Sample {
  @ZoneField({ description: 'Something.' })
  zone!: string;
}

async function refusal(zone: string): Promise<string | undefined> {
  try {
    await validatePayload(Sample, { zone });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a time zone', () => {
  test.each([
    'UTC',
    'Europe/Moscow',
    'Europe/Kiev',
    'Europe/Kyiv',
    'Asia/Calcutta',
    'America/Argentina/Buenos_Aires',
    'US/Eastern',
    'Etc/GMT-3',
  ])('%s is one', async (zone) => {
    expect(await refusal(zone)).toBeUndefined();
  });

  test.each([
    ['GMT', 'UTC'],
    ['Zulu', 'UTC'],
    ['EST5EDT', 'America/New_York'],
    ['PST8PDT', 'America/Los_Angeles'],
    ['CET', 'Europe/Brussels'],
    ['Japan', 'Asia/Tokyo'],
    ['europe/moscow', 'Europe/Moscow'],
    ['EUROPE/KYIV', 'Europe/Kyiv'],
    [' Europe/Moscow', 'Europe/Moscow'],
  ])('%s is none, %s is to be used', async (zone, instead) => {
    expect(await refusal(zone)).toBe(
      `zone must be an Area/City name of the IANA time zones, or UTC: use ${instead}.`,
    );
  });

  test.each(['+03:00', 'UTC+3', 'Mars/Olympus', 'posix/Europe/Moscow', 'MSK', 'Factory'])(
    '%s is none',
    async (zone) => {
      expect(await refusal(zone)).toBe(
        'zone must be an Area/City name of the IANA time zones, or UTC, such as Europe/Moscow.',
      );
    },
  );
});

test('a renamed zone has all its names, a neighbour with the same clock is another one', () => {
  expect(aliasesOf('Europe/Kyiv')).toEqual(aliasesOf('Europe/Kiev'));
  expect(aliasesOf('Europe/Kyiv')).toContain('Europe/Kiev');
  expect(aliasesOf('Asia/Kolkata')).toEqual(expect.arrayContaining(['Asia/Calcutta', 'Asia/Kolkata']));
  expect(aliasesOf('America/New_York')).toEqual(['America/New_York', 'US/Eastern']);
  expect(aliasesOf('Europe/Berlin')).not.toContain('Europe/Oslo');
  expect(aliasesOf('UTC')).toEqual(expect.arrayContaining(['UTC', 'Etc/UTC', 'Etc/GMT']));
});
