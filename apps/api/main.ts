import 'reflect-metadata';
import { inspect } from 'node:util';
import { ConfigError, loadApiConfig } from '#libs/config';
import { Logger } from '#libs/telemetry';
import { ApiModule } from './api.module.js';
import { createHttpApplication } from './http/http-application.js';
import { listen, ListenError } from './http/listening.js';
import { requestReply } from './nats/request-reply.js';

async function main(): Promise<void> {
  const config = loadApiConfig();
  const app = await createHttpApplication(ApiModule.forRoot(config), config);
  app.useLogger(app.get(Logger));
  app.connectMicroservice(requestReply(app));
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  // A launcher that dies without a signal closes its channel: nobody is left to stop this process.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // Neither waits for NATS: its requests are answered whenever it is there.
  await app.startAllMicroservices();
  await listen(app, config.host, config.port);
}

try {
  await main();
} catch (error) {
  const isForeseen = error instanceof ConfigError || error instanceof ListenError;
  process.stderr.write(`${isForeseen ? error.message : inspect(error)}\n`);
  process.exit(1);
}
