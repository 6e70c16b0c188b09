import { request } from 'undici';
import { percentile } from '../finding.js';
import type { BenchWorld } from '../world.js';
import { MESSAGES_OF_ONE } from './old-mailings.js';

const CALLS = 100;
/** Calls before those that count: connections are made, statements prepared. */
const WARM_UP = 30;
/** The most that one page has. */
const PAGE = 500;

/** Milliseconds of the median call, by what is read; a page has 50 items. */
export interface Reads {
  statistics: number;
  firstPage: number;
  deepPage: number;
  latestOfClient: number;
  clients: number;
}

/** Reads an old mailing, one call after the other, while nothing is sent. */
export async function measureReads(world: BenchWorld): Promise<Reads> {
  const [row] = await world.query<{ id: number }>('SELECT min(id) AS id FROM mailings');
  const messages = `/v1/mailings/${row?.id}/messages`;
  return {
    statistics: await medianOf(world, `/v1/mailings/${row?.id}/statistics`),
    firstPage: await medianOf(world, messages),
    deepPage: await medianOf(world, `${messages}?cursor=${await deepCursor(world, messages)}`),
    // One at each size: a page would have as many as there are mailings.
    latestOfClient: await medianOf(world, '/v1/clients/1/messages?limit=1'),
    clients: await medianOf(world, '/v1/clients'),
  };
}

/** The cursor behind nine tenths of a mailing's messages. */
async function deepCursor(world: BenchWorld, path: string): Promise<string> {
  let cursor = '';
  for (let seen = 0; seen < MESSAGES_OF_ONE * 0.9; seen += PAGE) {
    const { body } = await world.rest.get(`${path}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
    cursor = encodeURIComponent(body.nextCursor);
  }
  return cursor;
}

async function medianOf(world: BenchWorld, path: string): Promise<number> {
  const times: number[] = [];
  for (let nth = 0; nth < WARM_UP + CALLS; nth += 1) {
    const startedAt = performance.now();
    const { statusCode, body } = await request(`${world.apiUrl}${path}`);
    const text = await body.text();
    times.push(performance.now() - startedAt);
    if (statusCode !== 200) throw new Error(`${path} was answered with ${statusCode}: ${text}`);
  }
  return percentile(times.slice(WARM_UP), 0.5);
}
