import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort, startNats, type EmbeddedServer } from '#libs/embedded';
import { codeBlocks, textOf } from '../../support/documents.js';

/** Three servers on loopback, with the configuration that docs/scaling.md gives; ended with the test. */
export interface NatsCluster {
  /** What NATS_URL is to be. */
  url: string;
  servers: EmbeddedServer[];
}

const names = ['nats-1', 'nats-2', 'nats-3'];

export async function natsCluster(): Promise<NatsCluster> {
  const routes = await Promise.all(names.map(() => freePort()));
  const folder = await mkdtemp(join(tmpdir(), 'ems-cluster-'));
  const servers: EmbeddedServer[] = [];
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.kill()));
    await rm(folder, { recursive: true, force: true });
  });
  for (const [index, name] of names.entries()) {
    const configExtra = configurationOf(name, routes[index] ?? 0, routes);
    servers.push(await startNats({ storeDir: join(folder, name), configExtra }));
  }
  const addresses = servers.map(({ port }) => `nats://ems:service-password@127.0.0.1:${port}`);
  return { url: addresses.join(','), servers };
}

/** The page's configuration of a server, with addresses of this machine, and without what startNats writes itself. */
function configurationOf(name: string, port: number, routes: readonly number[]): string {
  const block = codeBlocks(textOf('docs/scaling.md')).find(({ language }) => language === 'conf');
  const routeOf = (host: string) => `127.0.0.1:${routes[names.indexOf(host)]}`;
  return (block?.text ?? '')
    .replaceAll(/^(?:host|port|jetstream)\b.*$/gm, '')
    .replace(/^server_name: .*$/m, `server_name: ${name}`)
    .replace('0.0.0.0:6222', `127.0.0.1:${port}`)
    .replaceAll(/(nats-\d)\.example\.com:6222/g, (_, host: string) => routeOf(host));
}
