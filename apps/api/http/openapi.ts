import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { describeCommonAnswers } from '../docs/common-answers.js';
import { addExamples } from '../docs/examples.js';
import { openHealthParts } from '../docs/health-parts.js';
import { describeHeaders } from '../docs/headers.js';
import { sizeIntegers } from '../docs/integer-sizes.js';
import { leaveParametersEmpty } from '../docs/parameters.js';
import { closeRequests, sayWhatLeavingOutMeans } from '../docs/request-schemas.js';
import { dropUnusedSchemas } from '../docs/used-schemas.js';
import { describeIdempotency } from './idempotency-docs.js';

const description = [
  "Stores clients and mailings, and sends each mailing's messages between its start and its end.",
  'Times are RFC 3339 with an offset, and ids are whole numbers. Lists come in pages: for the next page, send the',
  '`nextCursor` of the previous page as `cursor`. Unknown fields are refused.',
  'Errors are `application/problem+json` (RFC 9457).',
  'Answers may gain fields and values: ignore those that you do not know.',
  'Send an `X-Request-Id` to find a request in the logs. This document as JSON: [/docs-json](/docs-json).',
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

const mit = { name: 'MIT', identifier: 'MIT' };

/** What every document goes through, in this order. */
const steps: readonly ((document: OpenAPIObject) => void)[] = [
  describeIdempotency,
  describeCommonAnswers,
  describeHeaders,
  openHealthParts,
  dropUnusedSchemas,
  sayWhatLeavingOutMeans,
  closeRequests,
  sizeIntegers,
  leaveParametersEmpty,
  addExamples,
];

/** The OpenAPI document of everything that the API serves. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Event Message Service')
    .setDescription(description)
    .setVersion('1')
    .addServer('/', 'The service that serves this document')
    .addTag('clients', 'Recipients')
    .addTag('mailings', 'Campaigns: add, change, pause, resume and cancel them')
    .addTag('messages', 'Who got a mailing, who did not, and why')
    .addTag('providers', 'The sending services: their rate limits, and the state of their circuit breakers')
    .addTag('statistics', 'How many messages have each status')
    .addTag('operations', 'Health checks, and metrics for Prometheus')
    // Left out, the format would be JWT.
    .addBearerAuth(
      { type: 'http', bearerFormat: 'opaque', description: 'An API key of this service.' },
      'key',
    )
    .addSecurityRequirements('key')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) =>
      `${controller.replace('Controller', '').toLowerCase()}.${method}`,
  });
  const { title, version, description: about = '' } = document.info;
  // The builder knows licences by a URL only, and leaves an empty contact.
  document.info = { title, version, description: about, license: mit };
  for (const step of steps) step(document);
  return document;
}
