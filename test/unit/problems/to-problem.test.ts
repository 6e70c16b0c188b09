import { BadRequestException, ForbiddenException, HttpException, NotFoundException } from '@nestjs/common';
import { describe, expect, test } from 'vitest';
import { Problem, problemKindNames, problemKinds, toProblem } from '#libs/problems';

const coded = (message: string, properties: object) => Object.assign(new Error(message), properties);

describe('Postgres that is not there, or not able', () => {
  test.each([
    coded('connect ECONNREFUSED', { code: 'ECONNREFUSED' }),
    Object.assign(new AggregateError([new Error('::1'), new Error('127.0.0.1')], 'neither'), {
      code: 'ECONNREFUSED',
    }),
    coded('read ECONNRESET', { code: 'ECONNRESET' }),
    coded('getaddrinfo ENOTFOUND db', { code: 'ENOTFOUND' }),
    new Error('timeout exceeded when trying to connect'),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('Query read timeout'),
    coded('terminating connection due to administrator command', { code: '57P01', severity: 'FATAL' }),
    coded('the database system is starting up', { code: '57P03', severity: 'FATAL' }),
    coded('sorry, too many clients already', { code: '53300', severity: 'FATAL' }),
    coded('password authentication failed', { code: '28P01', severity: 'FATAL' }),
    coded('database "x" does not exist', { code: '3D000', severity: 'FATAL' }),
    coded('server closed the connection', { code: '08006' }),
    coded('disk full', { code: '53100' }),
    coded('canceling statement due to statement timeout', { code: '57014' }),
    coded('cannot execute INSERT in a read-only transaction', { code: '25006' }),
    coded('relation "clients" does not exist', { code: '42P01' }),
    coded('deadlock detected', { code: '40P01' }),
  ])('%s is worth trying again', (error) => {
    const problem = toProblem(error);
    expect(problem).toMatchObject({ status: 503, retryAfterSeconds: 1 });
    expect(JSON.stringify(problem)).not.toContain(error.message);
  });
});

describe('what nobody foresaw', () => {
  test.each([
    new TypeError("Cannot read properties of undefined (reading 'secret')"),
    new Error('secret'),
    coded('secret', { code: '23514', constraint: 'secret' }),
    coded('secret', { code: '23514', constraint: 'secret', table: 'mailing_counters' }),
    coded('secret', { code: 'ENOENT' }),
    coded('secret', { statusCode: 500 }),
    coded('secret', { statusCode: 'secret' }),
    new HttpException('secret', 502),
    'secret',
    { secret: true },
    undefined,
    null,
    42,
  ])('%j is internal and says nothing', (error) => {
    const problem = toProblem(error);
    expect(problem).toEqual({
      type: 'urn:event-message-service:problem:internal',
      title: problemKinds.internal.title,
      status: 500,
      detail: 'The request could not be served.',
    });
  });
});

describe('what Postgres refuses of the data that it was given', () => {
  const ofClients = { table: 'clients' };
  test.each([
    [{ code: '23514', constraint: 'clients_phone_check', ...ofClients }, 400, 'phone'],
    [{ code: '23503', constraint: 'clients_timezone_fkey', ...ofClients }, 400, 'timezone'],
    [{ code: '23502', column: 'operator_code', ...ofClients }, 400, 'operatorCode'],
    [{ code: '23505', constraint: 'clients_phone_key', ...ofClients }, 409, 'phone'],
    [{ code: '22003' }, 400, ''],
    [{ code: '22021' }, 400, ''],
    [{ code: '22P05' }, 400, ''],
    [{ code: '22001' }, 400, ''],
  ])('%j is a %i that names "%s"', (more, status, path) => {
    const problem = toProblem(coded('secret', more));
    expect(problem).toMatchObject({ status, errors: [{ path }] });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});

describe('what the framework refuses', () => {
  const fastify = (statusCode: number, code: string) => coded('Words for programmers', { statusCode, code });

  test.each([
    [fastify(413, 'FST_ERR_CTP_BODY_TOO_LARGE'), 413, 'A body may have at most 1 MiB.'],
    [
      new HttpException('x', 413, { cause: fastify(413, 'FST_ERR_CTP_BODY_TOO_LARGE') }),
      413,
      'A body may have at most 1 MiB.',
    ],
    [fastify(415, 'FST_ERR_CTP_INVALID_MEDIA_TYPE'), 415, 'A body must be sent as application/json.'],
    [
      fastify(400, 'FST_ERR_CTP_INVALID_CONTENT_LENGTH'),
      400,
      'The length of the body differs from its Content-Length.',
    ],
    [new NotFoundException('Cannot GET /nowhere?key=1'), 404, 'There is no operation GET /nowhere.'],
    [new NotFoundException('Nothing answers to ems.x.'), 404, 'Nothing answers to ems.x.'],
    [new ForbiddenException('Cross-origin'), 403, 'Cross-origin'],
    [new BadRequestException('Odd'), 400, 'Odd'],
    [new HttpException('Too long', 414), 400, 'Too long'],
  ])('%s', (error, status, detail) => {
    expect(toProblem(error)).toMatchObject({ status, detail });
  });
});

test('a unique violation that no service explained is a conflict', () => {
  expect(toProblem(coded('duplicate key', { code: '23505' }))).toMatchObject({ status: 409 });
});

test('a problem stays what it is, with its fields and its cause kept apart', () => {
  const errors = [1, 2, 3, 4].map((n) => ({ path: `f${n}`, message: 'is odd' }));
  const problem = Problem.invalid(errors);
  expect(toProblem(problem)).toEqual({
    type: 'urn:event-message-service:problem:invalid-input',
    title: 'The input is invalid',
    status: 400,
    detail: 'f1 is odd; f2 is odd; f3 is odd; and 1 more.',
    errors,
  });
  expect(toProblem(Problem.unavailable('Later.', new Error('secret')))).not.toHaveProperty('cause');
  expect(Problem.invalid([{ path: '', message: 'is odd' }]).detail).toBe('the payload is odd.');
});

test('every kind has a status of an error and words', () => {
  for (const kind of problemKindNames) {
    const document = new Problem(kind, 'Something.').toDocument();
    expect(document.status).toBeGreaterThanOrEqual(400);
    expect(document.type).toBe(`urn:event-message-service:problem:${kind}`);
    expect(document.title.length).toBeGreaterThan(5);
  }
});
