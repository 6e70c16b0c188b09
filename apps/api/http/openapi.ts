import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeIdempotency } from './idempotency-docs.js';

const description = [
  "Keeps clients and mailings, and sends each mailing's messages inside its time.",
  'Times are RFC 3339 with an offset, ids whole numbers. Lists come in pages: ask for the next one with the',
  '`nextCursor` of the one before. Unknown fields are refused. Errors are `application/problem+json` (RFC 9457).',
  'All of this as JSON: [/docs-json](/docs-json).',
].join('\n');

/** Serves the OpenAPI document at `/docs-json` and its pages at `/docs`; it is built when first asked for. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs-json',
    raw: ['json'],
    customSiteTitle: 'Event Message Service',
    swaggerOptions: { persistAuthorization: true },
  });
}

/** The OpenAPI document of everything under `/v1`. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Event Message Service')
    .setDescription(description)
    .setVersion('1')
    .addTag('clients', 'Recipients')
    .addTag('mailings', 'Campaigns, and pausing and cancelling them')
    .addTag('messages', 'Who got a mailing, who did not, and why')
    .addTag('providers', 'The sending services: how fast they may be sent to, and whether they are down')
    .addTag('statistics', 'How many messages are in each status')
    // Left out, the format would be JWT.
    .addBearerAuth({ type: 'http', bearerFormat: 'opaque', description: 'A key of the service.' }, 'key')
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) =>
      `${controller.replace('Controller', '').toLowerCase()}.${method}`,
  });
  return describeIdempotency(document);
}
