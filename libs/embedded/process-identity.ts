import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnvironment } from './clean-environment.js';
import { errorCode } from './error-code.js';

/** proc(5): fields 4 and 22 of /proc/<pid>/stat, counted from the state, which is the third. */
const parentField = 1;
const startTimeField = 19;

/**
 * The command line of a running process, its arguments joined by blanks; undefined when there is no such
 * process or only a zombie. Read from /proc where there is one, else asked of `ps`.
 */
export function commandLineOf(pid: number): string | undefined {
  if (existsSync('/proc/self/cmdline')) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.join(' ').trim() || undefined;
    } catch {
      return undefined;
    }
  }
  return askPs('command', pid);
}

/**
 * When a process started, in the system's own notation; undefined when there is no such process. A pid together
 * with this is never given twice, until the machine starts anew (and then the boot's id tells them apart).
 */
export function startOf(pid: number): string | undefined {
  if (!existsSync(bootIdFile)) return askPs('lstart', pid);
  const ticks = statOf(pid)?.[startTimeField];
  return ticks === undefined ? undefined : `${readFileSync(bootIdFile, 'utf8').trim()} ${ticks}`;
}

/** The pid of a process's parent; undefined when there is no such process. */
export function parentOf(pid: number): number | undefined {
  const parent = existsSync('/proc/self/stat') ? statOf(pid)?.[parentField] : askPs('ppid', pid);
  return parent === undefined ? undefined : Number(parent);
}

/**
 * The process a pid file names, if it still runs and its command line holds `proof`, which must be something
 * that only ours has, such as the path of its data folder. A pid alone proves nothing: after a restart of
 * the machine it may belong to anyone.
 */
export function runningPid(pidFile: string, proof: string): number | undefined {
  const pid = pidIn(pidFile);
  return pid !== undefined && commandLineOf(pid)?.includes(proof) ? pid : undefined;
}

/** The number in a pid file's first line; undefined when there is no file or no number in it. */
export function pidIn(pidFile: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stops a process that is not our child: each signal in turn, each with its time in milliseconds to take
 * effect. Looks at the command line before each signal, so that a pid given to another process meanwhile is
 * left alone. Throws when the process outlives the last one.
 */
export async function stopPid(
  pid: number,
  proof: string,
  signals: readonly (readonly [NodeJS.Signals, number])[],
): Promise<void> {
  const isOurs = () => commandLineOf(pid)?.includes(proof) === true;
  for (const [signal, patienceMs] of signals) {
    if (!isOurs()) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (errorCode(error) === 'ESRCH') return;
      throw error;
    }
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline && isOurs()) await pause(20);
  }
  if (isOurs()) throw new Error(`Process ${pid} (${proof}) is from an earlier run and could not be stopped.`);
}

const bootIdFile = '/proc/sys/kernel/random/boot_id';

/** From the third field on; undefined for a process that is gone or a zombie. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields;
  } catch {
    return undefined;
  }
}

function askPs(column: string, pid: number): string | undefined {
  const asked = spawnSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  return asked.stdout?.trim() || undefined;
}
