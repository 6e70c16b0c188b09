import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ConfigError, loadDispatcherConfig } from '#libs/config';
import { NatsLink, natsMicroservice } from '#libs/nats';
import { Logger } from '#libs/telemetry';
import { DispatcherModule } from './dispatcher.module.js';

async function main(): Promise<void> {
  const config = loadDispatcherConfig();
  const app = await NestFactory.create<NestFastifyApplication>(
    DispatcherModule.forRoot(config),
    new FastifyAdapter(),
    { bufferLogs: true },
  );
  app.useLogger(app.get(Logger));
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
