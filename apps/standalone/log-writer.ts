import { createReadStream, createWriteStream, mkdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createStream, type RotatingFileStream } from 'rotating-file-stream';
import { currentLog, logFiles, rotatedLogName } from './log-folder.js';

export interface LogLimits {
  /** A file is put aside and compressed at this size; rotating-file-stream's notation. */
  readonly fileSize: string;
  /** The oldest files go when all rotated ones together are larger. */
  readonly totalBytes: number;
}

const defaultLimits: LogLimits = { fileSize: '32M', totalBytes: 512 * 1024 * 1024 };

/** Writes the JSON lines of all processes to one file, which is rotated by size, compressed and cut off. */
export class LogWriter {
  private readonly stream: RotatingFileStream;
  private compressing: Promise<void>;

  constructor(
    private readonly folder: string,
    private readonly limits: LogLimits = defaultLimits,
    onTrouble: (error: Error) => void = () => undefined,
  ) {
    mkdirSync(folder, { recursive: true });
    this.stream = createStream(logName, { path: folder, size: limits.fileSize });
    this.stream.on('error', onTrouble);
    this.compressing = this.tidy().catch(onTrouble);
    this.stream.on('rotated', () => {
      this.compressing = this.compressing.then(() => this.tidy()).catch(onTrouble);
    });
  }

  /** Whole lines, each ended by a line feed. */
  write(lines: string): void {
    this.stream.write(lines);
  }

  async close(): Promise<void> {
    this.stream.end();
    await finished(this.stream).catch(() => undefined);
    await this.compressing;
  }

  /** Compresses what is rotated, also of a run that was cut off, and removes the oldest. */
  private async tidy(): Promise<void> {
    for (const file of await this.rotated()) if (!file.endsWith('.gz')) await compress(file);
    let total = 0;
    for (const file of (await this.rotated()).toReversed()) {
      total += (await stat(file)).size;
      if (total > this.limits.totalBytes) await rm(file);
    }
  }

  private async rotated(): Promise<string[]> {
    return (await logFiles(this.folder)).filter((file) => basename(file) !== currentLog);
  }
}

const logName = (time: Date | number | null, index = 0) =>
  time instanceof Date ? rotatedLogName(time, index) : currentLog;

/** The compressed file takes the place of the plain one at once, complete. */
async function compress(file: string): Promise<void> {
  const partial = `${file}.partial`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(partial));
  await rename(partial, `${file}.gz`);
  await rm(file);
}
