import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { createTestDatabase, natsAccount } from '../support/services.js';

describe('the services that tests run on', () => {
  it('gives each test file a migrated database of its own', async () => {
    const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    const client = new Client({ connectionString: one.url });
    await client.connect();
    const timezone = await client.query<{ TimeZone: string }>('SHOW timezone');
    const encoding = await client.query<{ server_encoding: string }>('SHOW server_encoding');
    await client.end();
    await Promise.all([one.drop(), other.drop()]);

    expect(one.url).not.toBe(other.url);
    expect(timezone.rows[0]?.TimeZone).toBe('UTC');
    expect(encoding.rows[0]?.server_encoding).toBe('UTF8');
  });

  it('gives each test file a NATS account that sees nothing of the others', async () => {
    const [one, other] = await Promise.all([connectTo(await natsAccount()), connectTo(await natsAccount())]);
    const manager = await jetstreamManager(one);
    await manager.streams.add({ name: 'ONLY_HERE', subjects: ['only.here'] });
    const theirs = await (await jetstreamManager(other)).streams.names().next();
    const ours = await manager.streams.names().next();
    await Promise.all([one.close(), other.close()]);

    expect(ours).toEqual(['ONLY_HERE']);
    expect(theirs).toEqual([]);
  });
});

async function connectTo({ url }: { url: string }) {
  const { username, password, host } = new URL(url);
  return connect({ servers: host, user: username, pass: password });
}
