import { join } from 'node:path';
import { inspect } from 'node:util';
import { loadStandaloneConfig, withoutLogins, withoutPassword, type StandaloneConfig } from '#libs/config';
import { ApiRequests } from './api-requests.js';
import { ChildOutput } from './child-output.js';
import { DataFolderLock } from './data-folder-lock.js';
import { Demo } from './demo.js';
import { explain } from './explain.js';
import { logFolder } from './log-folder.js';
import { LogWriter } from './log-writer.js';
import { onNpmGone } from './parent-watch.js';
import { RepeatLimit } from './repeat-limit.js';
import { Standalone, type Standing } from './standalone.js';
import { Terminal } from './terminal.js';

const terminal = new Terminal();
const stopping = new AbortController();

/** `npm start`: the whole service on one machine, until Ctrl-C, SIGTERM, or the end of the npm that runs it. */
async function main(): Promise<number> {
  const config = loadStandaloneConfig();
  const lock = await DataFolderLock.acquire(config.dataDir);
  const writer = new LogWriter(logFolder(config.dataDir), undefined, (error) =>
    terminal.line(`The log files can't be written: ${error.message}`),
  );
  const output = new ChildOutput(writer, new RepeatLimit((line) => terminal.line(line)));
  const report = (line: string) => {
    terminal.line(`${new Date().toTimeString().slice(0, 8)} ${line}`);
    output.record('standalone', 'info', line);
  };
  const told = stopSignal(config, report);
  void told.then(() => lock.sayStopping());
  const standalone = new Standalone(config, output, report, stopping.signal);
  let exitCode = 0;
  try {
    const standing = await standalone.start();
    terminal.line(overview(config, standing));
    const demo = runDemo(config, standing).catch((error: unknown) =>
      report(`the demo failed: ${explain(error)}`),
    );
    await told;
    await demo;
  } catch (error) {
    if (!stopping.signal.aborted) {
      exitCode = 1;
      // The stack is for the log file: nobody at the terminal can do anything about it.
      terminal.line(explain(error));
      output.record('standalone', 'fatal', inspect(error));
    }
  }
  await standalone.stop();
  await writer.close();
  await lock.release();
  return exitCode;
}

/** Settles at the first request to stop; further ones change nothing: npm passes on the Ctrl-C that we get too. */
function stopSignal(config: StandaloneConfig, report: (line: string) => void): Promise<void> {
  return new Promise((resolve) => {
    const stop = (why: string) => {
      if (stopping.signal.aborted) return;
      report(`${why}: stopping`);
      stopping.abort();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(signal));
    if (config.startedByNpm) onNpmGone(() => stop('npm is gone'));
  });
}

async function runDemo(config: StandaloneConfig, standing: Standing): Promise<void> {
  if (!config.demo || !standing.mayRunDemo) return;
  await new Demo(new ApiRequests(standing.apiUrl, config.apiKeys[0]?.key), terminal, stopping.signal).run();
}

function overview(config: StandaloneConfig, at: Standing): string {
  const simulator =
    config.providerUrl === undefined
      ? `Simulator  http://127.0.0.1:${at.simulatorControlPort}  its control port: GET /received, PUT /control`
      : `Provider   ${at.providerUrl}`;
  return `
  API        ${at.apiUrl}/v1${config.apiKeys.length > 0 ? '  with a key of API_KEYS' : ''}
  Docs       ${at.apiUrl}/docs
  Health     ${at.apiUrl}/health
  Metrics    ${[at.apiUrl, ...at.dispatcherPorts.map((port) => `http://127.0.0.1:${port}`)].map((url) => `${url}/metrics`).join(' and ')}
  NATS       ${withoutLogins(at.natsUrl)}
  Postgres   ${withoutPassword(at.databaseUrl)}${at.passwordFile === undefined ? '' : `  its password is in ${at.passwordFile}`}
  ${simulator}
  Data       ${at.dataFolders.join(' and ')}
  Logs       ${join(logFolder(config.dataDir), '*')}  to search: npm run logs -- mailingId=1

Ctrl-C stops everything.
`;
}

main().then(
  (exitCode) => process.exit(exitCode),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  },
);
