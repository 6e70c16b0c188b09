import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export const logFolder = (dataDir: string) => join(dataDir, 'logs');
export const currentLog = 'ems.log';

const rotatedName = /^ems-\d{8}T\d{9}-\d{3}\.log(\.gz)?$/;

/** The name a full log file gets: names sort by time, then by index within one moment. */
export function rotatedLogName(time: Date, index: number): string {
  const moment = time.toISOString().replace(/[-:.Z]/g, '');
  return `ems-${moment}-${String(index).padStart(3, '0')}.log`;
}

/**
 * Paths of all log files of a folder, oldest first, the one being written last. While a full file is being
 * compressed it is there twice; it is listed once. A folder that does not exist has no logs.
 */
export async function logFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const present = new Set(names);
  const rotated = names.filter((name) => rotatedName.test(name) && !present.has(`${name}.gz`)).toSorted();
  if (present.has(currentLog)) rotated.push(currentLog);
  return rotated.map((name) => join(folder, name));
}
