import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installingEnvironment } from './clean-environment.js';

const run = promisify(execFile);

/** The PATH first, then where packages put it and a user's PATH may not look. */
const places = [
  'nats-server',
  '/usr/sbin/nats-server',
  '/usr/local/bin/nats-server',
  '/opt/homebrew/bin/nats-server',
];

const howToGetIt = `nats-server was not found, and could not be installed by itself. Get it in one of these ways:

  Debian, Ubuntu   sudo apt-get install nats-server   (its service on port 4222 is not needed)
  macOS            brew install nats-server
  any system       download a release from https://github.com/nats-io/nats-server/releases
                   and put nats-server in a folder of your PATH
  Docker           docker run -d -p 127.0.0.1:4222:4222 nats:2.12 -js
                   and then start with NATS_URL=nats://127.0.0.1:4222

A NATS server that you run already will do as well, if JetStream is on: set NATS_URL to its address.`;

/**
 * The command that runs nats-server. If there is none it installs Debian's package, when it may: as root, or
 * with a sudo that asks for no password. Throws with a screen of instructions when all that fails.
 */
export async function ensureNatsServer(report: (line: string) => void): Promise<string> {
  const found = await findNatsServer();
  if (found !== undefined) return found;
  const root = await rootCommand();
  if (root !== undefined && (await succeeds('apt-get', ['--version']))) {
    report("nats-server is missing: installing Debian's package");
    await installPackage(root);
    const installed = await findNatsServer();
    if (installed !== undefined) return installed;
  }
  throw new Error(howToGetIt);
}

/** The first nats-server that answers to `--version`; undefined when there is none. */
async function findNatsServer(): Promise<string | undefined> {
  for (const place of places) if (await succeeds(place, ['--version'])) return place;
  return undefined;
}

/** What to put before a command that only root may run; undefined when we may not become root. */
async function rootCommand(): Promise<readonly string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return (await succeeds('sudo', ['-n', 'true'])) ? ['sudo', '-n'] : undefined;
}

async function installPackage(root: readonly string[]): Promise<void> {
  const asRoot = (...words: string[]) => {
    const [command = '', ...rest] = [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...words];
    return succeeds(command, rest);
  };
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'nats-server'];
  if (!(await asRoot(...install))) {
    await asRoot('apt-get', 'update');
    if (!(await asRoot(...install))) return;
  }
  // The package also starts a server that listens on every interface without a key: nobody asked for that.
  await asRoot('systemctl', 'disable', '--now', 'nats-server');
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args, { env: installingEnvironment() }).then(
    () => true,
    () => false,
  );
}
