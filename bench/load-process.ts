import autocannon from 'autocannon';
import { apiCalls } from './api-calls.js';

/* autocannon in a process of its own, so that neither side's figures hold what it costs to ask. */

export interface LoadReport {
  /** Answers a second over the whole time. */
  rate: number;
  /** Those of them that were 2xx. */
  useful: number;
  non2xx: number;
  errors: number;
}

const { URL = '', CALL = '', CONNECTIONS = '', SECONDS = '', FIRST_PHONE = '' } = process.env;
const request = apiCalls[CALL]?.(Number(FIRST_PHONE));
if (!request) throw new Error(`There is no call ${CALL}`);
const result = await autocannon({
  url: URL,
  connections: Number(CONNECTIONS),
  duration: Number(SECONDS),
  requests: [request],
});
const { requests, duration, non2xx, errors } = result;
const report: LoadReport = {
  rate: requests.total / duration,
  useful: result['2xx'] / duration,
  non2xx,
  errors,
};
process.send?.(report, () => process.exit(0));
