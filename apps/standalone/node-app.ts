import { fork } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { runningPid, stopPid } from '#libs/embedded';
import type { RunningService } from './supervised-service.js';

export interface NodeApp {
  readonly name: string;
  /** The absolute path of its main module. */
  readonly module: string;
  readonly env: NodeJS.ProcessEnv;
  readonly dataDir: string;
  readonly onOutput: (name: string, output: Readable, errors: Readable) => void;
}

const outputGuard = new URL('parentless-output.js', import.meta.url).href;

/** An application finishes the requests it has on the wire before it ends. */
const stopPatienceMs = 30_000;

/**
 * Starts one of our applications as a child in a process group of its own. It hears of our end, even by
 * `kill -9`, through the IPC channel that closes then, and stops by itself.
 */
export async function launchNodeApp(app: NodeApp): Promise<RunningService> {
  const child = fork(app.module, [dataDirArgument(app.dataDir)], {
    cwd: process.cwd(),
    detached: true,
    env: app.env,
    execArgv: ['--enable-source-maps', '--import', outputGuard],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (child.stdout !== null && child.stderr !== null) app.onOutput(app.name, child.stdout, child.stderr);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  const pid = child.pid ?? 0;
  const file = pidFile(app.dataDir, app.name);
  mkdirSync(join(app.dataDir, 'run'), { recursive: true });
  writeFileSync(file, `${pid}\n`);
  void exited.then(() => rmSync(file, { force: true }));
  return {
    pid,
    exited,
    async stop() {
      child.kill('SIGTERM');
      const ended = await Promise.race([exited, pause(stopPatienceMs, undefined, { ref: false })]);
      if (ended === undefined) child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Stops what an earlier run on this data folder left behind of a kind, however many, and has not stopped by itself. */
export async function stopLeftoverApps(dataDir: string, kind: string): Promise<void> {
  const folder = join(dataDir, 'run');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const names = files.flatMap((file) => new RegExp(`^(${kind}(?:-\\d+)?)\\.pid$`).exec(file)?.[1] ?? []);
  await Promise.all(names.map((name) => stopLeftoverApp(dataDir, name)));
}

async function stopLeftoverApp(dataDir: string, name: string): Promise<void> {
  const proof = dataDirArgument(dataDir);
  const leftover = runningPid(pidFile(dataDir, name), proof);
  if (leftover === undefined) return;
  await stopPid(leftover, proof, [
    ['SIGTERM', stopPatienceMs],
    ['SIGKILL', 5_000],
  ]);
}

/** Waits until any HTTP answer comes from this address. Throws when the process ends first, or after 60 s. */
export async function waitForAnswer(url: string, running: RunningService, name: string): Promise<void> {
  const patience = AbortSignal.timeout(60_000);
  let ending: string | undefined;
  void running.exited.then((how) => (ending = how));
  while (!(await answers(url))) {
    if (ending !== undefined) throw new Error(`${name} did not start: ${ending}.`);
    if (patience.aborted) throw new Error(`${name} does not answer at ${url}.`);
    await pause(100);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/** Marks the process as ours in its command line, for the next start and for whoever looks at `ps`. */
const dataDirArgument = (dataDir: string) => `--data-dir=${dataDir}/`;
const pidFile = (dataDir: string, name: string) => join(dataDir, 'run', `${name}.pid`);
