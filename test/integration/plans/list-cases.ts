import { expect } from 'vitest';
import type { Answer } from '../../support/api.js';
import { CLIENTS, mailing } from './big-tables.js';
import type { Cases, Scene } from './scene.js';

/** Every list from its first page on, and every single thing, as they are asked for. */
export const listCases: Cases = {
  ...list('clients', '/v1/clients'),
  ...list('clients of an operator', '/v1/clients?operatorCode=917'),
  ...list('clients of a zone', '/v1/clients?timezone=Asia/Omsk'),
  ...list('clients of a rare operator', '/v1/clients?operatorCode=800&limit=10'),
  ...list('clients of a rare zone', '/v1/clients?timezone=Asia/Anadyr&limit=10'),
  ...list(
    'clients of a rare operator and zone',
    '/v1/clients?operatorCode=800&timezone=Asia/Anadyr&limit=10',
  ),
  ...list('clients of a zone with a rare tag', '/v1/clients?timezone=Asia/Anadyr&tag=rare&limit=10'),
  ...single('clients of a zone that nobody is in', '/v1/clients?timezone=UTC'),
  ...single('clients of an operator that nobody has', '/v1/clients?operatorCode=700'),
  ...list('clients with a common tag', '/v1/clients?tag=common'),
  ...list('clients with a tag of one in 500', '/v1/clients?tag=city-77'),
  ...list('clients with a rare tag', '/v1/clients?tag=rare&limit=10'),
  ...list('clients by everything', '/v1/clients?tag=common&operatorCode=902&timezone=Europe/Samara&limit=5'),
  ...single('a client by its phone', '/v1/clients?phone=79000123456'),
  ...single('clients with a tag that nobody has', '/v1/clients?tag=nobody'),
  ...single('a client', '/v1/clients/123456'),
  ...list('the messages of a client', '/v1/clients/123456/messages?limit=2'),
  ...single('the messages of an unknown client', `/v1/clients/${CLIENTS + 1}/messages`, 404),

  ...list('mailings', '/v1/mailings'),
  ...list('mailings that are over', '/v1/mailings?status=completed'),
  ...single('mailings that are sent', '/v1/mailings?status=running'),
  ...single('mailings that are paused', '/v1/mailings?status=paused'),
  ...single('a mailing', `/v1/mailings/${mailing.sending}`),

  ...list('messages', `/v1/mailings/${mailing.large}/messages`),
  ...list('messages with a common status', `/v1/mailings/${mailing.large}/messages?status=delivered`),
  ...list('messages with a rare status', `/v1/mailings/${mailing.large}/messages?status=unknown`),
  ...list('messages with a status that none has', `/v1/mailings/${mailing.large}/messages?status=cancelled`),
  'a message with its attempts': async (scene) => {
    const [one] = await scene.given<{ id: number }>(
      'SELECT message_id AS id FROM attempts ORDER BY message_id OFFSET 50000 LIMIT 1',
    );
    await answer(scene, `/v1/messages/${one?.id ?? 0}`);
  },

  ...list('the statistics', '/v1/statistics'),
  ...single('the statistics of a mailing', `/v1/mailings/${mailing.sending}/statistics`),
  ...single('the providers', '/v1/providers'),
  ...single('a provider', '/v1/providers/1'),
};

/** Changes of single clients. */
export const clientCases: Cases = {
  'a client is added': async ({ api }) => expectStatus(201, await api.post('/v1/clients', aNewClient(0))),
  'a hundred clients are added at once': async ({ api }) => {
    const items = Array.from({ length: 100 }, (_, nth) => aNewClient(nth));
    expectStatus(200, await api.post('/v1/clients/batch', { items }));
  },
  'a client is changed': async ({ api }) =>
    expectStatus(200, await api.patch('/v1/clients/150000', { tags: ['new'] })),
  'a client is deleted while its messages wait': async ({ api }) =>
    expectStatus(204, await api.delete('/v1/clients/150000')),
};

function aNewClient(nth: number): object {
  return { phone: `+${79_500_000_000 + nth}`, timezone: 'Europe/Moscow', tags: ['new'] };
}

/** The first page, and one far behind it, so that what was skipped must not be read again. */
function list(name: string, path: string): Cases {
  return {
    [`${name}: the first page`]: (scene) => answer(scene, path),
    [`${name}: by cursor`]: async (scene) => {
      const first = await scene.aside(() => answer(scene, path));
      const cursor = first.nextCursor ?? first.mailings?.nextCursor;
      if (!cursor) throw new Error(`There is no second page of ${path}.`);
      await answer(scene, `${path}${path.includes('?') ? '&' : '?'}cursor=${cursor}`);
    },
  };
}

function single(name: string, path: string, status = 200): Cases {
  return { [name]: (scene) => answer(scene, path, status) };
}

interface Page {
  nextCursor?: string | null;
  mailings?: { nextCursor: string | null };
}

async function answer({ api }: Scene, path: string, status = 200): Promise<Page> {
  return expectStatus(status, await api.get(path));
}

function expectStatus(status: number, answer: Answer): Page {
  expect(answer).toMatchObject({ status });
  return answer.body as Page;
}
