import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.js';
import { ensureNatsServer } from './nats-binary.js';
import { runningPid, stopPid } from './process-identity.js';
import { spawnServer, waitUntilReady, type EmbeddedServer, type ServerCommand } from './server-process.js';

export interface NatsOptions {
  /** Created if missing; holds the streams, the configuration, the pid file and the log. */
  readonly storeDir: string;
  /** On 127.0.0.1; a free one if absent or 0. */
  readonly port?: number;
  /** More lines for the server's configuration file, such as accounts. */
  readonly configExtra?: string;
  /** Told when the server has to be installed first. */
  readonly report?: (line: string) => void;
}

const startPatienceMs = 30_000;
const portAttempts = 3;

/**
 * Starts nats-server with JetStream and returns when it takes connections. One that an earlier run left
 * behind on the same folder is stopped first. Throws with the end of the server's log when it does not start.
 */
export async function startNats(options: NatsOptions): Promise<EmbeddedServer> {
  const storeDir = resolve(options.storeDir);
  const command = await ensureNatsServer(options.report ?? (() => undefined));
  await mkdir(storeDir, { recursive: true });
  await stopLeftoverNats(storeDir);
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port || (await freePort());
    const config = configFile(storeDir);
    await writeFile(config, configuration(storeDir, port, options.configExtra ?? ''), { mode: 0o600 });
    const server: ServerCommand = {
      name: 'NATS',
      command,
      args: ['-c', config],
      logFile: join(storeDir, 'nats-server.log'),
      stopSignal: 'SIGTERM',
    };
    const running = spawnServer(server);
    try {
      await waitUntilReady(server, running, () => greets(port), startPatienceMs);
      return { ...running, port, url: `nats://127.0.0.1:${port}` };
    } catch (error) {
      const portWasTaken = !options.port && /address already in use/.test(String(error));
      if (!portWasTaken || attempt === portAttempts) throw error;
    }
  }
}

/** Stops a nats-server that runs on this folder, whoever started it. Does nothing if there is none. */
export async function stopLeftoverNats(storeDir: string): Promise<void> {
  const proof = `-c ${configFile(storeDir)}`;
  const leftover = runningPid(pidFile(storeDir), proof);
  if (leftover === undefined) return;
  await stopPid(leftover, proof, [
    ['SIGTERM', 10_000],
    ['SIGKILL', 5_000],
  ]);
}

const configFile = (storeDir: string) => join(resolve(storeDir), 'nats-server.conf');
const pidFile = (storeDir: string) => join(resolve(storeDir), 'nats-server.pid');

function configuration(storeDir: string, port: number, extra: string): string {
  return [
    'host: "127.0.0.1"',
    `port: ${port}`,
    `pid_file: ${JSON.stringify(pidFile(storeDir))}`,
    `jetstream { store_dir: ${JSON.stringify(storeDir)} }`,
    extra,
    '',
  ].join('\n');
}

/** A NATS server speaks first: its INFO line is the sign that it is one and is ready. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('data', (chunk) => settle(chunk.toString('utf8').startsWith('INFO ')));
  });
}
