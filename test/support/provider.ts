import { request } from 'undici';
import type { AppProcess } from './app-process.js';
import { until } from './until.js';

/** One request as the simulated provider wrote it down before answering. */
export interface Received {
  /** Counts from 1 in the order in which they were written down. */
  seq: number;
  id: number;
  phone: number;
  text: string;
  /** Epoch milliseconds. */
  at: number;
  outcome: 'accepted' | 'duplicate' | 'rejected' | 'malformed' | 'unauthorized';
  fault: string | null;
  /** The answer's status code; null when there was none. */
  status: number | null;
  /** Counts connections from 1. */
  connection: number;
}

/** The simulated provider of a world, steered by its control port. */
export class Provider {
  constructor(
    readonly process: AppProcess,
    private readonly controlPort: number,
  ) {}

  async ready(): Promise<void> {
    await until('the simulator listens', async () => (await this.call('GET', '/state')) !== undefined);
  }

  /** Replaces how it behaves; what is not named is as by default. */
  async behave(behaviour: Record<string, unknown>): Promise<void> {
    await this.call('PUT', '/control', behaviour);
  }

  /** Changes how it behaves in what is named. */
  async adjust(behaviour: Record<string, unknown>): Promise<void> {
    await this.call('PATCH', '/control', behaviour);
  }

  /** What was written down, or what was after the row `after`. */
  received(after = 0): Promise<Received[]> {
    return this.call('GET', `/received?after=${after}`);
  }

  summary(): Promise<{ requests: number; accepted: number; distinctAccepted: number; duplicates: number }> {
    return this.call('GET', '/received/summary');
  }

  async forget(): Promise<void> {
    await this.call('DELETE', '/received');
  }

  private async call<Answer>(
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Answer> {
    const response = await request(`http://127.0.0.1:${this.controlPort}${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
    });
    const text = await response.body.text();
    if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  }
}
