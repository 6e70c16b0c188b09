import type { Request } from 'autocannon';

/** The clients that are there before the calls begin, with the ids from 1 on. */
export const CLIENTS = 100_000;

const DAY = 86_400_000;
const json = { 'content-type': 'application/json' };

/** A kind of call, and how its requests are made; phones are counted on from `firstPhone`, so that each is new. */
export const apiCalls: Record<string, (firstPhone: number) => Request> = {
  'POST /v1/clients': (firstPhone) => {
    let phone = firstPhone;
    return {
      method: 'POST',
      path: '/v1/clients',
      headers: json,
      setupRequest: (request) => ({
        ...request,
        body: JSON.stringify({ phone: String((phone += 1)), tags: ['new'], timezone: 'Europe/Moscow' }),
      }),
    };
  },
  'GET /v1/clients/{id}': () => ({
    method: 'GET',
    setupRequest: (request) => ({
      ...request,
      path: `/v1/clients/${1 + Math.floor(Math.random() * CLIENTS)}`,
    }),
  }),
  'GET /v1/clients': () => ({ method: 'GET', path: '/v1/clients' }),
  // They begin in a year, so that nothing is sent meanwhile.
  'POST /v1/mailings': () => ({
    method: 'POST',
    path: '/v1/mailings',
    headers: json,
    body: JSON.stringify({
      text: 'Your order is on its way.',
      audience: { tags: ['new'] },
      startAt: new Date(Date.now() + 365 * DAY).toISOString(),
      endAt: new Date(Date.now() + 366 * DAY).toISOString(),
    }),
  }),
};
