import type { ConnectionOptions } from '@nats-io/transport-node';

/**
 * What the client needs to reach `servers`. It reads neither credentials nor the scheme out of an address by
 * itself: `nats://user:password@host:4222` and `nats://token@host` log in, `tls://` insists on TLS. The first
 * address with credentials counts for all, as the servers of one cluster share them.
 */
export function natsAddress(
  servers: readonly string[],
): Pick<ConnectionOptions, 'servers' | 'user' | 'pass' | 'token' | 'tls'> {
  const addresses = servers.map((server) => new URL(server));
  const credentials = addresses.find((address) => address.username !== '');
  return {
    servers: addresses.map((address) => `${address.hostname}:${address.port || '4222'}`),
    ...(credentials ? login(credentials) : {}),
    ...(addresses.some((address) => address.protocol === 'tls:') ? { tls: {} } : {}),
  };
}

function login(address: URL): Pick<ConnectionOptions, 'user' | 'pass' | 'token'> {
  const user = decodeURIComponent(address.username);
  if (address.password === '') return { token: user };
  return { user, pass: decodeURIComponent(address.password) };
}
