import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '#libs/problems';

interface KnownRoute {
  url: string;
  pattern: RegExp;
  methods: string[];
}

/**
 * Answers 405 with `Allow` when only the method is wrong: rather than 404, and rather than as another address
 * that the path would fit, as `/v1/clients/batch` fits `/v1/clients/:id`. Add it before the routes, which it
 * takes note of.
 */
export function refuseOtherMethods(server: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>();
  server.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replaceAll('*', '.*').replaceAll(/:[^/]+/g, '[^/]+')}$`);
    const { methods = [] } = routes.get(url) ?? {};
    routes.set(url, { url, pattern, methods: methods.concat(method) });
  });
  const narrowerRoutes = new Map<string, KnownRoute[]>();
  server.addHook('onReady', (done) => {
    const all = [...routes.values()];
    for (const { url } of all) narrowerRoutes.set(url, narrowerThan(url, all));
    done();
  });
  server.addHook('onRequest', (request, reply, done) => {
    const allowed = otherMethods(request, routes, narrowerRoutes);
    if (allowed.length === 0) return done();
    const list = [...new Set(allowed)].join(', ');
    void reply.header('allow', list);
    done(new Problem('method-not-allowed', `This path supports ${list}, not ${request.method}.`));
  });
}

/** The methods of the route whose address the path is; none when that is the route which was matched. */
function otherMethods(
  request: FastifyRequest,
  routes: ReadonlyMap<string, KnownRoute>,
  narrowerRoutes: ReadonlyMap<string, KnownRoute[]>,
): string[] {
  const { url = '' } = request.routeOptions;
  const candidates = request.is404 ? [...routes.values()] : (narrowerRoutes.get(url) ?? []);
  if (candidates.length === 0) return [];
  const [path = ''] = request.url.split('?', 1);
  const fitting = candidates.filter(({ pattern }) => pattern.test(path));
  return fitting
    .filter((route) => narrowerThan(route.url, fitting).length === 0)
    .flatMap(({ methods }) => methods);
}

/** The routes whose addresses are all addresses of `url` too: those with a word where that has a parameter. */
function narrowerThan(url: string, routes: readonly KnownRoute[]): KnownRoute[] {
  const wide = routes.find((route) => route.url === url);
  return routes.filter((route) => route.url !== url && wide?.pattern.test(route.url));
}
