import type { FastifyRequest } from 'fastify';
import { callerOf } from '#libs/access';
import { subjectIds, type SubjectIds } from './subject-ids.js';

interface Route {
  isQuiet: boolean;
  /** Of what its `:id` is the id, if it has one. */
  resource: string | undefined;
}

const quietRoutes = /^\/(health|metrics)(\/|$)/;

/** What a route's pattern says is found out once for each of them. */
const routes = new Map<string, Route>();

function routeOf({ routeOptions: { url = '' } }: FastifyRequest): Route {
  const known = routes.get(url);
  if (known) return known;
  const route = { isQuiet: quietRoutes.test(url), resource: /^\/v1\/(\w+)\/:id/.exec(url)?.[1] };
  routes.set(url, route);
  return route;
}

/** Whether it is what machines ask for all the time; its lines are for debugging only, unless it is refused. */
export function isQuiet(request: FastifyRequest): boolean {
  return routeOf(request).isQuiet;
}

/** `keyName` is who asks: the name of the key, if the service has keys. */
export interface RequestFields extends SubjectIds {
  requestId: string;
  keyName?: string;
}

/** By what all lines about a request are found: its id, who asks, and the id of what it is about. */
export function requestFields(request: FastifyRequest): RequestFields {
  const { resource } = routeOf(request);
  const ids =
    resource === undefined ? {} : subjectIds(resource, (request.params as { id?: unknown } | null)?.id);
  const keyName = callerOf(request);
  return { requestId: request.id, ...(keyName !== undefined && { keyName }), ...ids };
}
