import { isIP } from 'node:net';
import { Client } from 'pg';
import { z } from 'zod';

const HOST_NAME = /^[\w.-]+$/;
/** An IP address with a mistake in it, rather than a name. */
const DIGITS_AND_DOTS = /^[\d.]+$/;

/** A text of which `wrongIn` says what is wrong, in words to stand behind the setting's name, without secrets. */
const textWithout = (wrongIn: (value: string) => string | undefined) =>
  z.string().superRefine((value, context) => {
    const message = wrongIn(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** An address to listen on. Whether it is one of this machine is known only by listening. */
export const host = textWithout((value) =>
  isIP(value) !== 0 || (HOST_NAME.test(value) && !DIGITS_AND_DOTS.test(value))
    ? undefined
    : 'must be an IP address or a host name, and nothing else',
);

/** A Postgres address that pg can read: it does so at the first connection only, and then at each. */
export const databaseUrl = textWithout((value) => {
  const trouble = wrongScheme(value, 'postgres:', 'postgresql:');
  if (trouble !== undefined) return trouble;
  try {
    // Reads the address and the files that it names, and does not connect.
    void new Client({ connectionString: value });
    return undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
});

/** The address of the provider, behind whose path `/v1/send/{id}` is put. */
export const providerUrl = textWithout((value) => {
  const trouble = wrongScheme(value, 'http:', 'https:');
  if (trouble !== undefined) return trouble;
  const { username, password, search, hash } = new URL(value);
  if (username !== '' || password !== '') {
    return 'must have neither a user nor a password: the provider gets PROVIDER_TOKEN instead';
  }
  return search === '' && hash === '' ? undefined : 'must have neither a query nor a fragment';
});

/** A header carries nothing else unchanged. */
export const providerToken = textWithout((value) =>
  /^[!-~]+$/.test(value) ? undefined : 'must be printable ASCII without spaces',
);

/**
 * NATS accepts several servers in one setting: `nats://a:4222,nats://b:4222`. The client speaks TCP, with or
 * without TLS; a scheme of another protocol, websockets among them, would be taken for TCP and fail later.
 */
export const natsServers = z
  .string()
  .transform((value) => value.split(',').map((server) => server.trim()))
  .superRefine((servers, context) => {
    const message = wrongInServers(servers);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

function wrongInServers(servers: readonly string[]): string | undefined {
  if (!servers.every(isNatsAddress)) {
    return 'must be one or more nats:// or tls:// addresses such as nats://127.0.0.1:4222, separated by commas';
  }
  return servers.every(hasReadableLogin)
    ? undefined
    : 'has an unescaped % in the user or the password: write it as %25';
}

function isNatsAddress(server: string): boolean {
  if (!URL.canParse(server)) return false;
  const { protocol, hostname } = new URL(server);
  return ['nats:', 'tls:'].includes(protocol) && hostname !== '';
}

function hasReadableLogin(server: string): boolean {
  const { username, password } = new URL(server);
  try {
    for (const part of [username, password]) decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

function wrongScheme(value: string, ...schemes: string[]): string | undefined {
  if (URL.canParse(value) && schemes.includes(new URL(value).protocol)) return undefined;
  return `must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`;
}
