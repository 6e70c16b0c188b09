import { afterAll, beforeAll, expect, test } from 'vitest';
import { settings } from '#libs/config';
import { curlCommands, type CurlCommand } from '../support/curl-command.js';
import { documents, textOf } from '../support/documents.js';
import { createMailing } from '../support/mailing-scenario.js';
import { until } from '../support/until.js';
import { World } from '../support/world.js';

const ports = {
  api: settings.PORT.parse(undefined),
  control: settings.SIMULATOR_CONTROL_PORT.parse(undefined),
};

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world?.end());

/** Makes the request to the API of this world instead of the one on the usual port. */
async function make({ method, port, path, body }: CurlCommand) {
  expect(port).toBe(ports.api);
  const { rest } = world;
  if (method === 'GET') return rest.get(path);
  return method === 'PATCH' ? rest.patch(path, body) : rest.post(path, body);
}

test('the requests of the README send a message to the simulated provider', async () => {
  const commands = curlCommands(textOf('README.md'));
  expect(commands.map(({ method, port, path }) => `${method} ${port} ${path}`)).toEqual([
    `POST ${ports.api} /v1/clients`,
    `POST ${ports.api} /v1/mailings`,
    `GET ${ports.api} /v1/statistics`,
    `GET ${ports.control} /received/summary`,
  ]);
  const statuses: number[] = [];
  for (const command of commands.slice(0, 3)) statuses.push((await make(command)).status);
  expect(statuses, world.output).toEqual([201, 201, 200]);

  await until('the message is sent', async () => {
    const { body } = await world.rest.get('/v1/statistics');
    return body.byStatus.sent === 1;
  });
  expect(await world.provider.summary()).toMatchObject({ accepted: 1 });
});

test('the requests for operators do what they are shown for', async () => {
  const pages = documents.filter((path) => path.startsWith('docs/operations/'));
  const commands = pages.flatMap((path) => curlCommands(textOf(path)));
  const answers: unknown[] = [];
  for (const command of commands) {
    const id = await createMailing(world, { startsInMs: 3_600_000, endsInMs: 7_200_000 });
    const { status, body } = await make({ ...command, path: command.path.replace('/7', `/${id}`) });
    answers.push({ status, becomes: body.status ?? body.as, endAt: body.endAt?.slice(0, 4) });
  }
  const thisYear = new Date(Date.now() + 7_200_000).toISOString().slice(0, 4);
  expect(answers).toEqual([
    // Of messages in doubt. There is no message 1204 here, and none of the mailing's is unknown.
    { status: 404, becomes: 404, endAt: undefined },
    { status: 200, becomes: 'sent', endAt: undefined },
    { status: 200, becomes: 'paused', endAt: thisYear },
    { status: 200, becomes: 'scheduled', endAt: thisYear },
    { status: 200, becomes: 'cancelled', endAt: thisYear },
    // The provider's rate limit, then a mailing's end.
    { status: 200, becomes: undefined, endAt: undefined },
    { status: 200, becomes: 'scheduled', endAt: '2099' },
  ]);
});
