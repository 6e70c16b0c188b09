import { resolveSecurityHeaders } from '@nestjs/core/security/security-headers.js';

/**
 * Nest's own, for every answer. Handed to Fastify together with its other headers: `app.useSecurityHeaders()`
 * sets them one by one on Node's response, which then takes each header of an answer apart twice.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    resolveSecurityHeaders({
      // TLS, if any, is the proxy's business.
      strictTransportSecurity: false,
      contentSecurityPolicy: { directives: { upgradeInsecureRequests: null } },
    }).headers.map(([name, value]) => [name.toLowerCase(), value]),
  ),
  'cache-control': 'no-store',
};
