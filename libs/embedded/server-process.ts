import { spawn } from 'node:child_process';
import { closeSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnvironment } from './clean-environment.js';
import { boundServerLog, openServerLog } from './server-log.js';
import type { Account } from './unprivileged-account.js';

/** A database or message server that runs as a child process on a loopback port. */
export interface EmbeddedServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Settles when the process has ended, for whatever reason, with a few words on how. */
  readonly exited: Promise<string>;
  /** Asks the server to end, waits, and insists after 20 s. */
  stop(): Promise<void>;
  /** `kill -9`, as a power cut would; settles when the process is gone. */
  kill(): Promise<void>;
}

export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Both output streams go here and not into pipes, so that the server survives the end of its parent. */
  readonly logFile: string;
  readonly stopSignal: NodeJS.Signals;
  readonly account?: Account | undefined;
}

export type ServerProcess = Omit<EmbeddedServer, 'url' | 'port'>;

const stopPatienceMs = 20_000;

/**
 * Starts a server in a process group of its own: the terminal's Ctrl-C then reaches only us, and the servers
 * end after those who use them. The log of earlier runs is kept, up to 10 MiB and one older file; it and the
 * environment are told apart from ours, for secrets and phones are in neither.
 */
export function spawnServer(server: ServerCommand): ServerProcess {
  const log = openServerLog(server.logFile);
  const child = spawn(server.command, [...server.args], {
    ...server.account,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log],
    env: cleanEnvironment(),
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  void exited.then(boundServerLog(server.logFile));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    exited,
    kill,
    async stop() {
      child.kill(server.stopSignal);
      const ended = await Promise.race([exited, pause(stopPatienceMs, undefined, { ref: false })]);
      if (ended === undefined) await kill();
    },
  };
}

/**
 * Waits until `isReady` says so. Throws with the end of the server's log when the process ends first, or when
 * `patienceMs` are over (then the process is killed).
 */
export async function waitUntilReady(
  server: ServerCommand,
  running: ServerProcess,
  isReady: () => Promise<boolean>,
  patienceMs: number,
): Promise<void> {
  let ending: string | undefined;
  void running.exited.then((how) => (ending = how));
  const deadline = performance.now() + patienceMs;
  while (!(await isReady())) {
    if (ending === undefined && performance.now() < deadline) {
      await pause(50);
      continue;
    }
    if (ending === undefined) await running.kill();
    throw new Error(
      `${server.name} did not start (${ending ?? `not ready after ${patienceMs / 1000} s`}). The end of ${server.logFile}:\n${endOf(server.logFile)}`,
    );
  }
}

function endOf(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
}
