import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, SimulatorClient } from './simulator-client.js';
import { token } from './simulator-fixture.js';

const main = fileURLToPath(new URL('../../dist/apps/simulator/main.js', import.meta.url));
const settings = { SIMULATOR_PORT: '0', SIMULATOR_CONTROL_PORT: '0', PROVIDER_TOKEN: token };

/** The built simulator as a process of its own, ended with the test at the latest. */
function start(env: Record<string, string>, { ipc = false } = {}): ChildProcess {
  // The runner's own Node options would lead the child to the TypeScript sources.
  const child = ipc
    ? fork(main, { env, silent: true, execArgv: [] })
    : spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function listening(child: ChildProcess): Promise<Record<string, unknown>> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The simulator ended with ${String(code)} instead of listening.`);
  });
  const [line]: unknown[] = await Promise.race([once(createInterface(child.stdout!), 'line'), ended]);
  return JSON.parse(String(line));
}

async function refusal(env: Record<string, string>): Promise<{ code: unknown; stderr: string }> {
  const child = start(env);
  let stderr = '';
  child.stderr!.on('data', (part: Buffer) => {
    stderr += part.toString();
  });
  const [code] = (await once(child, 'close')) as unknown[];
  return { code, stderr };
}

describe('the simulator as a process', () => {
  it('says on one line that it listens, and where', async () => {
    const line = await listening(start(settings));
    expect(line).toEqual({
      level: 'info',
      msg: 'simulator listening',
      port: expect.any(Number),
      controlPort: expect.any(Number),
    });
    const state = await new SimulatorClient(Number(line['controlPort'])).state();
    expect(state).toMatchObject({ listening: true, port: line['port'] });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly on %s, with connections open', async (signal) => {
    const child = start(settings);
    const { port } = await listening(child);
    const response = await fetch(`http://127.0.0.1:${String(port)}/`);
    await response.text();
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('ends when the parent that forked it is gone', async () => {
    const child = start(settings, { ipc: true });
    await listening(child);
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it.each(['SIGTERM', 'the end of its parent'])(
    'answers what it has accepted before it ends by %s',
    async (how) => {
      const child = start(settings, { ipc: true });
      const { port, controlPort } = await listening(child);
      const control = new SimulatorClient(Number(controlPort));
      await control.behave({ latencyMs: 400 });
      const ended = once(child, 'exit');
      const send = (id: number, agent: Agent) =>
        request(`http://127.0.0.1:${String(port)}/v1/send/${id}`, {
          method: 'POST',
          dispatcher: agent,
          headers: { authorization: `Bearer ${token}` },
          body: JSON.stringify({ id, phone: 79001234567, text: 'Hello' }),
        });
      const agent = new Agent({ connections: 10 });
      onTestFinished(() => agent.destroy());
      const answers = Promise.all(Array.from({ length: 10 }, (_, at) => send(at + 1, agent)));
      await eventually('all are accepted', async () => (await control.summary()).accepted === 10);

      if (how === 'SIGTERM') child.kill('SIGTERM');
      else child.disconnect();
      expect((await answers).map(({ statusCode }) => statusCode)).toEqual(Array(10).fill(200));
      expect(await ended).toEqual([0, null]);
      await expect(send(11, agent)).rejects.toThrow(/ECONNREFUSED/);
    },
  );

  it('does not wait for ever for what never ends', async () => {
    const child = start(settings);
    const { port, controlPort } = await listening(child);
    const control = new SimulatorClient(Number(controlPort));
    await control.fault({ kind: 'acceptThenHang' });
    const hanging = fetch(`http://127.0.0.1:${String(port)}/v1/send/1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ id: 1, phone: 79001234567, text: 'Hello' }),
    });
    const failure = hanging.catch((error: unknown) => String(error));
    await eventually('it is accepted', async () => (await control.summary()).accepted === 1);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(await failure).toContain('fetch failed');
  });

  it('names a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const sentence = `Port ${port} of 127.0.0.1 is in use by another process.\n`;
    expect(await refusal({ ...settings, SIMULATOR_PORT: String(port) })).toEqual({
      code: 1,
      stderr: sentence,
    });
    expect(await refusal({ ...settings, SIMULATOR_CONTROL_PORT: String(port) })).toEqual({
      code: 1,
      stderr: sentence,
    });
  });

  it('does not start without a token, and says so', async () => {
    const { code, stderr } = await refusal({ SIMULATOR_PORT: '0', SIMULATOR_CONTROL_PORT: '0' });
    expect([code, stderr]).toEqual([1, 'PROVIDER_TOKEN is not set.\n']);
  });
});
