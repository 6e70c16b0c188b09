import type { FastifyInstance } from 'fastify';
import { isLongList, stringifyInTurns } from '#libs/payloads';

const asItIs = (json: unknown): string => json as string;

/** Makes JSON of long lists in turns with other requests: a page may have megabytes. Add it after what reads answers. */
export function answerInTurns(server: FastifyInstance): void {
  server.addHook('preSerialization', (_request, reply, payload, done) => {
    if (!isLongList(payload)) return done(null, payload);
    // oxlint-disable-next-line promise/always-return, promise/no-callback-in-promise -- an async hook costs each short answer a promise
    stringifyInTurns(payload).then((json) => {
      void reply.serializer(asItIs);
      // oxlint-disable-next-line promise/no-callback-in-promise -- as above
      done(null, json);
    }, done);
  });
}
