import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Agent, request, type Dispatcher } from 'undici';
import { startSimulator } from '../../apps/simulator/simulator.js';
import { SimulatorClient } from './simulator-client.js';

export const token = 'a-token-of-the-tests';
export const accepted = { status: 200, body: { code: 0, message: 'OK' } };

export interface Answer {
  status: number;
  body: unknown;
}

interface SendOptions {
  phone?: number;
  text?: string;
  /** Replaces the whole body. */
  body?: string;
  authorization?: string;
  signal?: AbortSignal;
}

/** A simulator on free ports in this process, stopped when the test is over. */
export async function simulator() {
  const running = await startSimulator({ host: '127.0.0.1', port: 0, controlPort: 0, token });
  const agent = new Agent();
  onTestFinished(async () => {
    await agent.destroy();
    await running.stop();
  });

  const exchange = (id: number | string, options: SendOptions = {}): Promise<Dispatcher.ResponseData> => {
    const { phone = 79001234567, text = 'Hello' } = options;
    return request(`http://127.0.0.1:${running.port}/v1/send/${id}`, {
      method: 'POST',
      dispatcher: agent,
      headers: {
        authorization: options.authorization ?? `Bearer ${token}`,
        'content-type': 'application/json',
      },
      body: options.body ?? `{"id":${id},"phone":${phone},"text":${JSON.stringify(text)}}`,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  };
  return {
    port: running.port,
    controlPort: running.controlPort,
    control: new SimulatorClient(running.controlPort),
    exchange,
    /** Sends a message and reads the answer. */
    send: async (id: number | string, options?: SendOptions): Promise<Answer> => {
      const response = await exchange(id, options);
      const text = await response.body.text();
      const isJson = response.headers['content-type'] === 'application/json';
      return { status: response.statusCode, body: isJson ? JSON.parse(text) : text };
    },
    /** Sends messages one after the other and gives the status codes. */
    statusesOf: async (ids: readonly number[], options?: SendOptions): Promise<number[]> => {
      const statuses: number[] = [];
      for (const id of ids) {
        const response = await exchange(id, options);
        await response.body.dump();
        statuses.push(response.statusCode);
      }
      return statuses;
    },
  };
}

/** A connection without an HTTP client, for what a client would hide. */
export async function rawConnection(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return socket;
}

/** The head of a request to send message `id` with a body of `length` bytes. */
export function head(id: number, length: number): string {
  return (
    `POST /v1/send/${id} HTTP/1.1\r\nhost: provider\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: application/json\r\ncontent-length: ${length}\r\n\r\n`
  );
}

export function bodyOf(id: number): string {
  return `{"id":${id},"phone":79001234567,"text":"Hello"}`;
}

/** How a connection ends: `reset` by RST, `closed` by FIN; with all that was read before. */
export async function endOf(socket: Socket): Promise<{ how: 'reset' | 'closed'; read: string }> {
  let read = '';
  let how: 'reset' | 'closed' = 'closed';
  socket.on('data', (part: Buffer) => {
    read += part.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET') how = 'reset';
  });
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return { how, read };
}

/** The error's code, or its name, with which a request ends that gets no answer. */
export async function errorCodeOf(exchange: Promise<unknown>): Promise<string> {
  try {
    await exchange;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  }
  throw new Error('The request was answered.');
}
