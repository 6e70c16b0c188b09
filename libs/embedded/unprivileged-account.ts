import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from './clean-environment.js';

const run = (command: string, args: string[]) =>
  promisify(execFile)(command, args, { env: cleanEnvironment() });

/** A user and group by number, as `spawn` takes them. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom Postgres runs as when we are root, which it refuses to be: the owner of an existing cluster, else the
 * system's `postgres` user, which is created if need be. Undefined when we are not root, and may not choose.
 */
export async function unprivilegedAccount(clusterDir: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(clusterDir).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await accountNamed('postgres')) ?? (await createPostgresAccount());
}

/**
 * Whether the account may walk down to this file or folder (or to where it would be created). A folder of
 * root's home, mode 0700, is the usual obstacle.
 */
export async function canReach(path: string, account: Account | undefined): Promise<boolean> {
  if (account === undefined) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && !mayTraverse(found, account)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function mayTraverse(folder: { uid: number; gid: number; mode: number }, account: Account): boolean {
  if (folder.uid === account.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === account.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}

async function accountNamed(name: string): Promise<Account | undefined> {
  try {
    const [user, group] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(user.stdout), gid: Number(group.stdout) };
  } catch {
    return undefined;
  }
}

async function createPostgresAccount(): Promise<Account> {
  try {
    await run('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      'postgres',
    ]);
  } catch (error) {
    throw new Error(
      `Postgres refuses to run as root, and a user "postgres" could not be created for it: ${String(error).trim()}. Start as another user, or set DATABASE_URL.`,
      { cause: error },
    );
  }
  const created = await accountNamed('postgres');
  if (created === undefined) throw new Error('The user "postgres" was created and yet is not known.');
  return created;
}
