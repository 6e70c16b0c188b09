import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Outcome, ProbeClient } from '#libs/providers/kinds';
import { BreakerEvidence } from '../../apps/dispatcher/outlets/breaker-evidence.js';
import { httpAnswer, portOf, type Script, ScriptedProvider } from '../support/scripted-provider.js';
import { sentOnce } from '../support/sent-once.js';
import { expired, selfSigned, type TestIdentity } from '../support/tls-identities.js';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

/** What sending to `url` comes to. */
async function outcomeAt(url: string): Promise<Outcome> {
  const client = new ProbeClient({ url, token: 'abcdefghijklmnop', connections: 1, timeoutMs: 10_000 });
  endings.push(() => client.close());
  return (await sentOnce(client, { id: 1, phone: 79001234567, text: 'Hello' })).outcome;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => once(server.close(), 'close'));
  return portOf(server);
}

const httpsPort = (identity: TestIdentity) =>
  listening(createHttpsServer(identity, (_request, response) => response.end('{"code":0}')));

async function outcomeOfPlain(script: Script): Promise<Outcome> {
  const provider = await ScriptedProvider.start(script);
  endings.push(() => provider.stop());
  return outcomeAt(provider.url);
}

/** What the breaker, and so health, says once sending stopped. */
function reasonFor(outcome: Outcome): string | undefined {
  const evidence = new BreakerEvidence();
  const verdicts = Array.from({ length: 20 }, (_, phone) => {
    const message = { id: phone, phone, ownThrottles: 0, ownRefusals: 0 };
    return evidence.weigh({ message, outcome, latencyMs: 1, startedAt: phone, answeredAt: phone });
  });
  return verdicts.find((verdict) => verdict)?.reason;
}

describe('A provider whose address is wrong on our side', () => {
  it('by its host name is called misaddressed', async () => {
    const outcome = await outcomeAt('http://provider.invalid');
    expect(outcome).toMatchObject({ kind: 'notSent', misaddressed: 'host name' });
    expect(reasonFor(outcome)).toBe(
      'misaddressed: ENOTFOUND provider.invalid; no such host name: correct it in the provider URL, or in the name service',
    );
  });

  it('by a certificate that nobody vouches for is called misaddressed, and what to set is named', async () => {
    const outcome = await outcomeAt(`https://127.0.0.1:${await httpsPort(selfSigned)}`);
    expect(outcome).toMatchObject({ kind: 'notSent', misaddressed: 'certificate' });
    expect(reasonFor(outcome)).toMatch(/^misaddressed: DEPTH_ZERO_SELF_SIGNED_CERT .*NODE_EXTRA_CA_CERTS /);
  });

  it('by a certificate that has expired is called misaddressed', async () => {
    const outcome = await outcomeAt(`https://127.0.0.1:${await httpsPort(expired)}`);
    expect(outcome).toMatchObject({ kind: 'notSent', misaddressed: 'certificate' });
    expect(reasonFor(outcome)).toMatch(/^misaddressed: CERT_HAS_EXPIRED .* not valid today/);
  });

  it('by https:// for a port of plain HTTP is called misaddressed', async () => {
    const port = await listening(createHttpServer((_request, response) => response.end('{"code":0}')));
    const outcome = await outcomeAt(`https://127.0.0.1:${port}`);
    expect(outcome).toMatchObject({ kind: 'notSent', misaddressed: 'scheme' });
    expect(reasonFor(outcome)).toMatch(/^misaddressed: ERR_SSL_WRONG_VERSION_NUMBER .* http:\/\/ /);
  });

  it.each<[string, Script]>([
    [
      'nginx and load balancers',
      (socket) =>
        socket.end(
          httpAnswer(
            400,
            '<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n',
          ),
        ),
    ],
    [
      'Apache',
      (socket) =>
        socket.end(
          httpAnswer(
            400,
            "<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />\n Instead use the HTTPS scheme",
          ),
        ),
    ],
    [
      'Go',
      (socket) =>
        socket.end('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'),
    ],
    ['Java', (socket) => socket.end(Uint8Array.of(0x15, 3, 3, 0, 2, 2, 10))],
  ])('by http:// for a port of TLS, as %s answers it, is called misaddressed', async (_server, script) => {
    const outcome = await outcomeOfPlain(script);
    expect(outcome).toMatchObject({ kind: 'notSent', misaddressed: 'scheme' });
    expect(reasonFor(outcome)).toMatch(/^misaddressed: .*; the port speaks TLS: .* https:\/\//);
  });

  it('by http:// for a port of TLS that just hangs up is in doubt, and called misaddressed', async () => {
    const outcome = await outcomeAt(`http://127.0.0.1:${await httpsPort(selfSigned)}`);
    expect(outcome).toMatchObject({ kind: 'ambiguous', misaddressed: 'scheme' });
    expect(reasonFor(outcome)).toMatch(
      /^misaddressed: connection lost .*; the port speaks TLS: .* https:\/\//,
    );
  });

  it('is not seen in a 400 of another kind, nor in an answer that is not HTTP', async () => {
    const scripts: Script[] = [
      (socket) => socket.end(httpAnswer(400, '<html>Bad Request</html>')),
      (socket) => socket.end('SSH-2.0-x\r\n\r\n'),
      (socket) => socket.end(),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(httpAnswer(502, 'The plain HTTP request was sent to HTTPS port')),
    ];
    for (const script of scripts) {
      const outcome = await outcomeOfPlain(script);
      expect(outcome).toMatchObject({ kind: 'ambiguous' });
      expect(outcome).not.toHaveProperty('misaddressed');
    }
  });

  it('is not seen where nobody listens', async () => {
    const outcome = await outcomeAt('https://127.0.0.1:1');
    expect(outcome).toEqual({ kind: 'notSent', error: 'ECONNREFUSED 127.0.0.1:1' });
    expect(reasonFor(outcome)).toBe('unreachable: ECONNREFUSED 127.0.0.1:1');
  });
});
