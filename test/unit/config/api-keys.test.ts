import { describe, expect, it } from 'vitest';
import { appEnvironment, loadApiConfig } from '#libs/config';

const stores = { DATABASE_URL: 'postgres://127.0.0.1/ems', NATS_URL: 'nats://127.0.0.1' };
const keysOf = (API_KEYS: string) => loadApiConfig({ ...stores, API_KEYS }).apiKeys;

describe('API_KEYS', () => {
  it('takes keys with a name and without, whose name is made of their hash', () => {
    expect(keysOf('billing:0123456789abcdef, 0123456789abcdef0\ncrm.eu-1:abcdefgh:ijklmnop')).toEqual([
      { name: 'billing', key: '0123456789abcdef' },
      // printf 0123456789abcdef0 | sha256sum
      { name: 'key-d4022b', key: '0123456789abcdef0' },
      { name: 'crm.eu-1', key: 'abcdefgh:ijklmnop' },
    ]);
  });

  it.each([
    ['пароль-из-кириллицы', /entry 1 must be printable ASCII/],
    ['0123456789abcdef,crm:ключ0123456789abcdef', /entry 2 must be printable ASCII/],
    ['short', /at least 16 characters, but the key of entry 1 has 5/],
    ['billing:short', /at least 16 characters, but the key of billing has 5/],
    ['billing:', /at least 16 characters/],
    [':0123456789abcdef', /entry 1 has a colon, so it needs a name before the colon/],
    ['a+b/c:0123456789abcdef', /entry 1 has a colon/],
    [`${'x'.repeat(41)}:0123456789abcdef`, /entry 1 has a colon/],
    ['a:0123456789abcdef,a:0123456789abcdeg', /entries 1 and 2 are both named a/],
    ['a:0123456789abcdef,b:0123456789abcdef', /entries 1 and 2 are the same key/],
    ['0123456789abcdef,0123456789abcdef', /entries 1 and 2 are the same key/],
  ])('refuses %j with a sentence that does not tell the key', (value, sentence) => {
    expect(() => keysOf(value)).toThrow(sentence);
    expect(() => keysOf(value)).not.toThrow(/0123456789abcde|кириллиц|short/);
  });
});

describe('the environment of an application that npm start runs', () => {
  const addresses = {
    port: 1,
    dispatcherPort: 2,
    simulatorPort: 3,
    simulatorControlPort: 4,
    databaseUrl: 'postgres://127.0.0.1/ems',
    natsUrl: 'nats://127.0.0.1',
    providerUrl: 'http://127.0.0.1',
    providerToken: 'a-token',
  };
  const given = {
    API_KEYS_FILE: '/run/keys',
    PROVIDER_TOKEN_FILE: '/run/token',
    PATH: '/bin',
    OTHER: 'kept',
  };

  it.each([
    ['api', ['API_KEYS_FILE', 'DATABASE_URL', 'NATS_URL']],
    ['dispatcher', ['API_KEYS_FILE', 'DATABASE_URL', 'NATS_URL', 'PROVIDER_TOKEN']],
    ['simulator', ['PROVIDER_TOKEN']],
  ] as const)('of %s has the secrets %j', (app, secrets) => {
    const env = appEnvironment(app, addresses, given);
    expect(env).toMatchObject({ PATH: '/bin', OTHER: 'kept', LOG_FORMAT: 'json' });
    const held = Object.keys(env).filter((name) => /KEYS|TOKEN|DATABASE|NATS/.test(name) && env[name] !== '');
    expect(held.toSorted()).toEqual([...secrets].toSorted());
  });
});
