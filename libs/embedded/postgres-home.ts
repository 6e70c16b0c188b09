import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canReach, unprivilegedAccount } from './unprivileged-account.js';

/** Where data and binaries go that a user other than root must read, when root's own folders are closed. */
export const outsideRoot = '/var/lib/event-message-service';

/** Open to all whatever the umask says. */
export async function makeOutsideRoot(): Promise<void> {
  await mkdir(outsideRoot, { recursive: true });
  await chmod(outsideRoot, 0o755);
}

/**
 * The folder for Postgres's data: `preferred`, unless we are root and the user Postgres runs as can't get
 * there. Then a folder of /var/lib, whose name is made from `preferred`, so that each checkout has its own
 * and finds it again; it stays in use even if `preferred` becomes reachable later, since the data is there.
 */
export async function postgresHome(preferred: string): Promise<string> {
  const wanted = resolve(preferred);
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  const outside = join(outsideRoot, `data-${name}`);
  if (existsSync(outside)) return outside;
  const account = await unprivilegedAccount(join(wanted, 'cluster'));
  if (await canReach(join(wanted, 'cluster'), account)) return wanted;
  await makeOutsideRoot();
  return outside;
}
