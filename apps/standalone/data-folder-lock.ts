import { access, constants, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { errorCode, startOf } from '#libs/embedded';

const holderFields = z.object({ pid: z.number(), start: z.string(), stopping: z.boolean() });
type Holder = z.output<typeof holderFields>;

/** Another process uses the data folder and does not seem to be on its way out. */
export class DataFolderInUse extends Error {
  override readonly name = 'DataFolderInUse';
}

/** The path can't be a folder of ours: something else is there, or we may not write. */
export class DataFolderUnusable extends Error {
  override readonly name = 'DataFolderUnusable';
}

/** A holder whose npm was killed notices within this time and says that it stops. */
const noticeMs = 3_000;
/** How long a holder that says it stops may take: its last requests, its children. */
const stopMs = 120_000;

/**
 * Lets one process at a time use a data folder. A file names the holder by pid and time of start, so that the
 * lock of a process that was killed, or whose number was given to another, counts for nothing.
 */
export class DataFolderLock {
  private constructor(
    private readonly file: string,
    private readonly holder: Holder,
  ) {}

  /**
   * Waits for a holder that is stopping; throws {@link DataFolderInUse} if there is one that is not. The
   * folder is created if need be; throws {@link DataFolderUnusable} when that is impossible.
   */
  static async acquire(dataDir: string): Promise<DataFolderLock> {
    await makeFolder(dataDir);
    const file = join(dataDir, 'standalone.lock');
    const lock = new DataFolderLock(file, {
      pid: process.pid,
      start: startOf(process.pid) ?? '',
      stopping: false,
    });
    const asked = performance.now();
    while (!(await lock.take())) {
      const other = await holderIn(file);
      if (other === undefined) continue;
      if (performance.now() - asked > (other.stopping ? stopMs : noticeMs)) {
        throw new DataFolderInUse(`${dataDir} is in use by process ${other.pid}, which runs already: stop it first,
or set EMS_DATA_DIR to another folder (and PORT to another port).`);
      }
      await pause(100);
    }
    return lock;
  }

  /** Tells whoever waits that it is worth waiting. */
  async sayStopping(): Promise<void> {
    await this.writeBeside({ ...this.holder, stopping: true });
    await rename(this.besideFile, this.file);
  }

  async release(): Promise<void> {
    await rm(this.file, { force: true });
  }

  private get besideFile(): string {
    return `${this.file}.${this.holder.pid}`;
  }

  private async writeBeside(holder: Holder): Promise<void> {
    await writeFile(this.besideFile, JSON.stringify(holder));
  }

  /** Linking a complete file into place either succeeds or fails as a whole. */
  private async take(): Promise<boolean> {
    await this.removeStale();
    await this.writeBeside(this.holder);
    try {
      await link(this.besideFile, this.file);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(this.besideFile, { force: true });
    }
  }

  private async removeStale(): Promise<void> {
    const seen = await holderIn(this.file);
    if (seen === undefined || startOf(seen.pid) === seen.start) return;
    const aside = `${this.besideFile}.stale`;
    try {
      await rename(this.file, aside);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    const moved = await holderIn(aside);
    // Another process was quicker and this is its lock: give it back.
    if (moved?.pid !== seen.pid || moved.start !== seen.start)
      await link(aside, this.file).catch(() => undefined);
    await rm(aside, { force: true });
  }
}

async function makeFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true });
    await access(dataDir, constants.W_OK);
  } catch (error) {
    const code = errorCode(error);
    const reason =
      code === 'EEXIST' || code === 'ENOTDIR'
        ? 'is not a folder'
        : `can't be written to (${code ?? String(error)})`;
    throw new DataFolderUnusable(
      `EMS_DATA_DIR=${dataDir} ${reason}: set EMS_DATA_DIR to a folder for the data.`,
      {
        cause: error,
      },
    );
  }
}

async function holderIn(file: string): Promise<Holder | undefined> {
  try {
    return holderFields.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
