import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort, startNats, type EmbeddedServer } from '#libs/embedded';

/** A nats-server of the test's own, to be killed and wiped; on one port all its life. */
export interface OwnNats {
  url: string;
  /** Begins, or begins again, with the store as it was. */
  start(): Promise<void>;
  /** As the kernel's out-of-memory killer would: no goodbye. */
  kill(): Promise<void>;
  /** It takes bytes and says nothing, until `proceed`. */
  hang(): void;
  proceed(): void;
  /** Only while it is not running. */
  wipe(): Promise<void>;
}

/** Not started yet; ended and removed with the test. */
export async function ownNats(configExtra = ''): Promise<OwnNats> {
  const port = await freePort();
  const storeDir = await mkdtemp(join(tmpdir(), 'ems-nats-'));
  let server: EmbeddedServer | undefined;
  const signal = (name: NodeJS.Signals) => {
    if (server) process.kill(server.pid, name);
  };
  const nats: OwnNats = {
    url: `nats://127.0.0.1:${port}`,
    start: async () => {
      server = await startNats({ storeDir, port, configExtra });
    },
    kill: async () => {
      await server?.kill();
      server = undefined;
    },
    hang: () => signal('SIGSTOP'),
    proceed: () => signal('SIGCONT'),
    wipe: async () => rm(join(storeDir, 'jetstream'), { recursive: true, force: true }),
  };
  onTestFinished(async () => {
    await nats.kill();
    await rm(storeDir, { recursive: true, force: true });
  });
  return nats;
}
