import type { FastifyInstance } from 'fastify';
import { Problem } from '#libs/problems';

/**
 * Answers 405 with `Allow`, rather than 404, when only the method is wrong. Add it before the routes, which it
 * takes note of.
 */
export function refuseOtherMethods(server: FastifyInstance): void {
  const methodsByRoute = new Map<string, { pattern: RegExp; methods: string[] }>();
  server.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('*', '.*').replaceAll(/:[^/]+/g, '[^/]+')}$`);
    const { methods = [] } = methodsByRoute.get(url) ?? {};
    methodsByRoute.set(url, { pattern, methods: methods.concat(method) });
  });
  server.addHook('onRequest', (request, reply, done) => {
    const [path = ''] = request.url.split('?', 1);
    const allowed = request.is404
      ? [...methodsByRoute.values()]
          .filter(({ pattern }) => pattern.test(path))
          .flatMap(({ methods }) => methods)
      : [];
    if (allowed.length === 0) return done();
    const list = [...new Set(allowed)].join(', ');
    void reply.header('allow', list);
    done(new Problem('method-not-allowed', `${request.method} is not among ${list}.`));
  });
}
