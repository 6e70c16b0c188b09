import './heap-growth.js';
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, loadDispatcherConfig } from '#libs/config';
import { NatsLink, natsMicroservice } from '#libs/nats';
import { httpPort, type PortLimits, ProblemFilter, refuseTunnels } from '#libs/problem-answers';
import { Logger } from '#libs/telemetry';
import { DispatcherModule } from './dispatcher.module.js';
import { judgeKeys } from './health/health-access.js';

/** Only probes and scrapes come in. */
const CONNECTIONS = 100;
const LIMITS: PortLimits = { arrivalMs: 10_000, silenceMs: 60_000 };

async function main(): Promise<void> {
  const config = loadDispatcherConfig();
  const adapter = new FastifyAdapter(httpPort(LIMITS));
  const server = adapter.getInstance();
  server.server.maxConnections = CONNECTIONS;
  refuseTunnels(server);
  if (config.apiKeys.length > 0) judgeKeys(server, config.apiKeys);
  const app = await NestFactory.create<NestFastifyApplication>(DispatcherModule.forRoot(config), adapter, {
    bufferLogs: true,
  });
  app.useLogger(app.get(Logger));
  app.useGlobalFilters(new ProblemFilter());
  // No queue group: each dispatcher hears each control message.
  app.connectMicroservice(natsMicroservice(app.get(NatsLink)));
  app.enableShutdownHooks(['SIGTERM', 'SIGINT'], { useProcessExit: true });
  // A launcher that dies without a signal closes its channel: nobody is left to stop this process.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  await app.startAllMicroservices();
  await app.listen(config.port, config.host);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof ConfigError ? error.message : String(error)}\n`);
  process.exit(1);
}
