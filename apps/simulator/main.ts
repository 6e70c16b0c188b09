import { ConfigError, loadSimulatorConfig } from '#libs/config';
import { inspect } from 'node:util';
import { PortTakenError } from './listening-port.js';
import { startSimulator } from './simulator.js';

/** Runs a simulated provider until SIGTERM, SIGINT or, as a forked child, its parent's end. */
async function main(): Promise<void> {
  const { host, port, controlPort, token } = loadSimulatorConfig();
  const simulator = await startSimulator({ host, port, controlPort, token });
  const stop = (): void => void simulator.stop().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (process.send !== undefined) process.once('disconnect', stop);
  log({
    level: 'info',
    msg: 'simulator listening',
    port: simulator.port,
    controlPort: simulator.controlPort,
  });
}

function log(line: { level: string; msg: string } & Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

main().catch((error: unknown) => {
  const foreseen = error instanceof ConfigError || error instanceof PortTakenError;
  process.stderr.write(`${foreseen ? error.message : inspect(error)}\n`);
  process.exitCode = 1;
});
