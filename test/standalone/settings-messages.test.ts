import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import {
  ConfigError,
  loadApiConfig,
  loadStandaloneConfig,
  read,
  settings,
  unusableDatabase,
  withoutLogins,
  withoutPassword,
  type SettingName,
} from '#libs/config';

function refusal(name: SettingName, value: string): string {
  try {
    read([name], { [name]: value });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
  }
  return '';
}

describe('a setting that is wrong', () => {
  it.each(['many', '-1', '65536', '1.5', '1e30', 'Infinity'])('says once what PORT=%s should be', (value) => {
    expect(refusal('PORT', value)).toBe('PORT: must be a whole number from 0 to 65535.');
  });

  it('names the words to choose from', () => {
    expect(refusal('EMS_DEMO', 'yes')).toBe('EMS_DEMO: must be one of on, off.');
    expect(refusal('LOG_FORMAT', 'xml')).toBe('LOG_FORMAT: must be one of auto, json, pretty.');
  });

  it.each(Object.keys(settings) as SettingName[])('never speaks of types: %s', (name) => {
    expect(refusal(name, '?')).not.toMatch(/invalid|expected|NaN/i);
  });
});

describe('NATS_URL', () => {
  it.each([
    'http://x',
    'ws://127.0.0.1:4222',
    'localhost:4222',
    '127.0.0.1:4222',
    'nats://',
    'nats://a,http://b',
    'nats://a,',
  ])('refuses %s, which the client would take for something else', (value) => {
    expect(refusal('NATS_URL', value)).toMatch(
      /^NATS_URL: must be one or more nats:\/\/ or tls:\/\/ addresses/,
    );
  });

  it.each(['nats://a:%zz@b', 'nats://a,nats://%E0%A4%A@b'])('refuses credentials that %s has', (value) => {
    expect(refusal('NATS_URL', value)).toBe(
      'NATS_URL: has an unescaped % in the user or the password: write it as %25.',
    );
  });

  it.each(['nats://a', 'tls://a:4222', 'nats://user:word@a:4222,nats://[::1]:4222'])('takes %s', (value) => {
    expect(refusal('NATS_URL', value)).toBe('');
  });
});

describe('PROVIDER_TOKEN', () => {
  it.each(['a b', 'a\tb', 'clé', 'a\nb'])('refuses %j, which no header carries', (value) => {
    expect(refusal('PROVIDER_TOKEN', value)).toBe('PROVIDER_TOKEN: must be printable ASCII without spaces.');
  });
});

describe('PROVIDER_URL', () => {
  it('needs a token, and npm start says why and what it is', () => {
    const own = { PROVIDER_URL: 'https://provider.example.com' };
    expect(() => loadStandaloneConfig(own)).toThrow(
      /^PROVIDER_TOKEN is not set, but PROVIDER_URL names a provider of your own\. .*Authorization: Bearer <token>/,
    );
    expect(() => loadStandaloneConfig({ PROVIDER_URL: 'http://user:secret@a' })).toThrow(/neither a user/);
    expect(loadStandaloneConfig({ ...own, PROVIDER_TOKEN: 'word' }).providerToken).toBe('word');
    expect(loadStandaloneConfig({}).providerToken).toBeUndefined();
  });

  it.each(['http://a/?a=1', 'https://a/sms#part'])('refuses %s, as ids are put behind the path', (value) => {
    expect(refusal('PROVIDER_URL', value)).toBe('PROVIDER_URL: must have neither a query nor a fragment.');
  });

  it.each(['http://user:secret@a', 'http://user@a', 'http://:secret@a'])(
    'refuses %s without its password, and says what takes its place',
    (value) => {
      expect(refusal('PROVIDER_URL', value)).toBe(
        'PROVIDER_URL: must have neither a user nor a password: the provider gets PROVIDER_TOKEN instead.',
      );
    },
  );

  it.each(['http://a', 'https://a:8443/sms/', 'http://[::1]:1'])('takes %s', (value) => {
    expect(refusal('PROVIDER_URL', value)).toBe('');
  });
});

describe.each(['HOST', 'DISPATCHER_HOST', 'SIMULATOR_HOST'] as const)('%s', (name) => {
  it.each(['http://127.0.0.1', '127.0.0.1:3000', '[::1]', '300.0.0.1', 'a b', 'a/b'])(
    'refuses %s',
    (value) => {
      expect(refusal(name, value)).toBe(`${name}: must be an IP address or a host name, and nothing else.`);
    },
  );

  it.each(['127.0.0.1', '0.0.0.0', '::', 'fe80::1%eth0', 'localhost', 'api_1.example.com.'])(
    'takes %s',
    (value) => {
      expect(refusal(name, value)).toBe('');
    },
  );
});

describe.each(['DATABASE_URL', 'DATABASE_READ_URL'] as const)('%s', (name) => {
  it.each([
    ['postgres://a:secret@b/%E0%A4%A', 'URI malformed'],
    ['postgres://a:secret@b/c?sslrootcert=/none.pem', "ENOENT: no such file or directory, open '/none.pem'"],
  ])('refuses %s, which no connection could be made of', (value, reason) => {
    expect(refusal(name, value)).toBe(`${name}: cannot be used: ${reason}.`);
  });
});

describe('DATABASE_READ_URL', () => {
  const replica = { DATABASE_READ_URL: 'postgres://replica/ems' };

  it('is refused by npm start when the database it is to be a replica of is a new one', () => {
    expect(() => loadStandaloneConfig(replica)).toThrow(
      /^DATABASE_READ_URL is set, but DATABASE_URL is not\./,
    );
    expect(() => loadStandaloneConfig({ ...replica, DATABASE_URL: 'postgres://primary/ems' })).not.toThrow();
  });

  it('is for the API, and may be left out', () => {
    const DATABASE_URL = 'postgres://primary/ems';
    expect(loadApiConfig({ ...replica, DATABASE_URL }).database.readUrl).toBe(replica.DATABASE_READ_URL);
    expect(loadApiConfig({ DATABASE_URL }).database.readUrl).toBeUndefined();
  });
});

describe('an address that is shown', () => {
  it('has no password', () => {
    expect(withoutPassword('postgres://a:secret@b:1/c')).toBe('postgres://a@b:1/c');
    expect(withoutPassword('postgres://a:se,cret@b:1/c')).toBe('postgres://a@b:1/c');
    expect(withoutPassword('postgres://b/c?user=a&password=secret')).toBe('postgres://b/c?user=a');
  });

  it('has no token, which is the user of a NATS server without a password', () => {
    expect(withoutLogins('nats://a:secret@b:1,tls://token@c:2,nats://d')).toBe(
      'nats://a@b:1,tls://c:2,nats://d',
    );
  });

  it('is named with its setting and the reason when the database does not answer', () => {
    const refused = new AggregateError([new Error('refused by ::1'), new Error('refused by 127.0.0.1')]);
    expect(unusableDatabase('postgres://a:secret@b:1/c', refused).message).toBe(
      'DATABASE_URL=postgres://a@b:1/c cannot be brought up to date: refused by ::1; refused by 127.0.0.1.',
    );
  });
});

describe('DISPATCHERS', () => {
  it('is one for each core, four at most, unless it is set', () => {
    expect(loadStandaloneConfig({}).dispatchers).toBe(Math.min(availableParallelism(), 4));
    expect(loadStandaloneConfig({ DISPATCHERS: '7' }).dispatchers).toBe(7);
  });

  it('has to fit into the connections of the Postgres that npm start brings, and of no other', () => {
    const many = { DISPATCHERS: '9', DATABASE_POOL_SIZE: '20' };
    expect(() => loadStandaloneConfig(many)).toThrow(
      'DISPATCHERS=9 and the API need 200 connections at DATABASE_POOL_SIZE=20: the Postgres of npm start has 190 for them. Lower one of the two, or set DATABASE_URL.',
    );
    expect(loadStandaloneConfig({ DISPATCHERS: '16' }).dispatchers).toBe(16);
    expect(loadStandaloneConfig({ ...many, DATABASE_URL: 'postgres://a@127.0.0.1/b' }).dispatchers).toBe(9);
  });
});
