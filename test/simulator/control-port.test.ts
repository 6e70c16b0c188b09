import { describe, expect, it } from 'vitest';
import { simulator } from './simulator-fixture.js';

const defaults = {
  latencyMs: 0,
  jitterMs: 0,
  seed: 1,
  faults: [],
  deduplicate: false,
  duplicateAnswer: 'ok',
  keepAliveMs: 5_000,
  down: false,
  downForMs: null,
};

describe('the behaviour', () => {
  it('is that of a provider in order at first', async () => {
    const { control } = await simulator();
    expect(await control.behaviour()).toEqual(defaults);
  });

  it('is replaced by PUT: what is absent goes back to its default', async () => {
    const { control } = await simulator();
    await control.behave({ latencyMs: 5, deduplicate: true });
    const answer = await control.call('PUT', '/control', { jitterMs: 7 });
    expect(answer).toMatchObject({ status: 200, body: { ...defaults, jitterMs: 7 } });
    expect(await control.behaviour()).toEqual({ ...defaults, jitterMs: 7 });
  });

  it('is merged by PATCH: what is absent stays', async () => {
    const { control } = await simulator();
    await control.behave({ latencyMs: 5, faults: [{ kind: 'hang', every: 10 }] });
    await control.adjust({ deduplicate: true });
    const faults = [{ kind: 'hang', every: 10 }];
    expect(await control.behaviour()).toEqual({ ...defaults, latencyMs: 5, deduplicate: true, faults });
  });

  it('shows the defaults of a fault', async () => {
    const { control } = await simulator();
    await control.fault({ kind: 'drip', everyMs: 5 }, { kind: 'throttle' });
    expect((await control.behaviour())['faults']).toEqual([
      { kind: 'drip', everyMs: 5, accept: true },
      { kind: 'throttle', status: 429, retryAfter: 1 },
    ]);
  });

  it.each([
    [{ latency: 5 }, /"latency"/],
    [{ latencyMs: '5' }, /^latencyMs: /],
    [{ latencyMs: -1 }, /^latencyMs: /],
    [{ jitterMs: 1.5 }, /^jitterMs: /],
    [{ down: 'yes' }, /^down: /],
    [{ downForMs: 0 }, /^downForMs: /],
    [{ duplicateAnswer: 'maybe' }, /^duplicateAnswer: .*"conflict"/],
    [{ faults: {} }, /^faults: /],
    [{ faults: [{}] }, /^faults\[0\]\.kind: kind must be one of status, acceptThenStatus, /],
    [{ faults: [{ kind: 'explode' }] }, /^faults\[0\]\.kind: kind must be one of /],
    [{ faults: [{ kind: 'hang' }, { kind: 'hang', rate: 2 }] }, /^faults\[1\]\.rate: /],
    [{ faults: [{ kind: 'hang', rate: 0.5, every: 2 }] }, /^faults\[0\]: rate and every exclude each other/],
    [{ faults: [{ kind: 'hang', every: 0 }] }, /^faults\[0\]\.every: /],
    [{ faults: [{ kind: 'hang', code: 500 }] }, /^faults\[0\]: .*"code"/],
    [{ faults: [{ kind: 'status' }] }, /^faults\[0\]\.status: /],
    [{ faults: [{ kind: 'status', status: 99 }] }, /^faults\[0\]\.status: /],
    [{ faults: [{ kind: 'status', status: 500, headers: { 'a b': 'c' } }] }, /legal header name/],
    [{ faults: [{ kind: 'status', status: 500, headers: { a: 'b\nc' } }] }, /legal header value/],
    [{ faults: [{ kind: 'redirect', location: 'a\r\nb' }] }, /legal header value/],
    [{ faults: [{ kind: 'throttle', retryAfter: '\n' }] }, /^faults\[0\]\.retryAfter: /],
    [{ faults: [{ kind: 'codeBody', code: 0 }] }, /^faults\[0\]\.code: .*success/],
    [{ faults: [{ kind: 'resetBeforeBody', phones: [1] }] }, /^faults\[0\]: .*"phones"/],
    [{ latencyMs: 'x', seed: 'y' }, /^latencyMs: .*; seed: /],
    [[], /^behaviour: /],
    [null, /^behaviour: /],
    ['{"latencyMs":', /^The body is not JSON/],
    ['', /^The body is not JSON/],
  ])('refuses %j with a sentence and changes nothing', async (given, sentence) => {
    const { control } = await simulator();
    await control.behave({ latencyMs: 1 });
    for (const method of ['PUT', 'PATCH'] as const) {
      const body = given === null ? 'null' : given;
      const answer = await control.call(method, '/control', body);
      expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(sentence) } });
    }
    expect(await control.behaviour()).toEqual({ ...defaults, latencyMs: 1 });
  });
});

describe('the control port', () => {
  it('answers 404 to an unknown path and names the known ones', async () => {
    const { control } = await simulator();
    const answer = await control.call('GET', '/reveived');
    const error: unknown = expect.stringContaining('/received/summary');
    expect(answer).toMatchObject({ status: 404, body: { error } });
  });

  it('answers 405 to a method that a path does not take', async () => {
    const { control } = await simulator();
    const answer = await control.call('POST', '/control', {});
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, PUT, PATCH' } });
  });

  it.each([
    '/received?format=xml',
    '/received?after=-1',
    '/received?after=x',
    '/received?limit=0',
    '/received?id=x',
    '/received?seq=1',
    '/received/ids?format=csv',
    '/received/rate?windowMs=0',
    '/received/summary?x=1',
    '/state?x=1',
  ])('answers 400 to %s', async (path) => {
    const { control } = await simulator();
    const answer = await control.call('GET', path);
    expect(answer).toMatchObject({ status: 400, body: { error: expect.stringMatching(/./) } });
  });

  it('refuses a behaviour above 1 MiB', async () => {
    const { control } = await simulator();
    const answer = await control.call('PUT', '/control', ' '.repeat(1024 * 1024 + 1));
    expect(answer.status).toBe(413);
  });
});
