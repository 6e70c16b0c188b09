import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOf } from '#libs/embedded';
import {
  DataFolderInUse,
  DataFolderLock,
  DataFolderUnusable,
} from '../../apps/standalone/data-folder-lock.js';

describe('the lock of a data folder', () => {
  let folder: string;
  let holders: ChildProcess[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ems-lock-'));
    holders = [];
  });
  afterEach(async () => {
    for (const holder of holders) holder.kill('SIGKILL');
    await rm(folder, { recursive: true });
  });

  it('refuses a second process while the first runs', async () => {
    const pid = await heldBy({});
    const refusal: unknown = await DataFolderLock.acquire(folder).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(DataFolderInUse);
    expect(String(refusal)).toContain(`in use by process ${pid}`);
  });

  it('refuses a path that leads to a file or through one, and names the setting', async () => {
    const file = join(folder, 'a-file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'below')]) {
      const refusal: unknown = await DataFolderLock.acquire(path).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(DataFolderUnusable);
      expect(String(refusal)).toContain(`EMS_DATA_DIR=${path} is not a folder`);
    }
  });

  it('is free again after its release', async () => {
    const lock = await DataFolderLock.acquire(folder);
    await lock.release();
    await (await DataFolderLock.acquire(folder)).release();

    expect(await readdir(folder)).toEqual([]);
  });

  it('counts for nothing when its holder was killed', async () => {
    await heldBy({});
    holders[0]!.kill('SIGKILL');
    await new Promise((resolve) => holders[0]!.once('exit', resolve));

    await expect(DataFolderLock.acquire(folder)).resolves.toBeDefined();
  });

  it("counts for nothing when its holder's number belongs to another process by now", async () => {
    await heldBy({ start: 'another boot 12345' });
    await expect(DataFolderLock.acquire(folder)).resolves.toBeDefined();
  });

  it('is waited for when its holder is stopping', async () => {
    await heldBy({ stopping: true });
    const acquired = DataFolderLock.acquire(folder);
    holders[0]!.kill('SIGTERM');

    await expect(acquired).resolves.toBeDefined();
  });

  it('goes to exactly one of many that find a stale one at once', async () => {
    await heldBy({ start: 'another boot 12345' });
    const script = `
      const { DataFolderLock } = await import(process.argv[1]);
      await DataFolderLock.acquire(process.argv[2]).then(() => console.log('mine'), () => console.log('refused'));
      process.stdin.resume();`;
    const module = join(process.cwd(), 'dist/apps/standalone/data-folder-lock.js');
    const answers = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, ['--input-type=module', '-e', script, module, folder]);
        holders.push(child);
        return new Promise<string>((resolve) =>
          child.stdout.once('data', (text) => resolve(String(text).trim())),
        );
      }),
    );

    expect(answers.toSorted()).toEqual(['mine', 'refused', 'refused', 'refused']);
  });

  /** A lock file that names a real process, with what is given instead of the truth. */
  async function heldBy(lie: { start?: string; stopping?: boolean }): Promise<number> {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    holders.push(child);
    const holder = { pid: child.pid!, start: startOf(child.pid!), stopping: false, ...lie };
    await writeFile(join(folder, 'standalone.lock'), JSON.stringify(holder));
    return child.pid!;
  }
});
