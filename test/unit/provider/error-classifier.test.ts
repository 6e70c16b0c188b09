import { describe, expect, it } from 'vitest';
import { classifyError, MAX_ERROR_LENGTH, type Misaddressed, RequestWithdrawn } from '#libs/providers/kinds';

function systemError(message: string, fields: Record<string, unknown>): Error {
  return Object.assign(new Error(message), fields);
}

const refused = (address: string) =>
  systemError(`connect ECONNREFUSED ${address}:1`, { code: 'ECONNREFUSED', address, port: 1 });

/** Causes that are ours to mend, and what is said of them. */
const ADVICE: Record<string, [Misaddressed, string]> = {
  'an unknown host': [
    'host name',
    'no such host name: correct it in the provider URL, or in the name service',
  ],
  'a certificate of another host': [
    'certificate',
    'the certificate is for other names: use one of these names in the provider URL',
  ],
  'a certificate nobody vouches for': [
    'certificate',
    'an unknown authority has signed the certificate: set NODE_EXTRA_CA_CERTS to a file with its CA',
  ],
  'an expired certificate': [
    'certificate',
    "the certificate is not valid today: have it renewed, and check this machine's clock",
  ],
  'an answer that is no TLS': [
    'scheme',
    'the port does not speak TLS: the provider URL needs http:// or another port',
  ],
};

const CAUSES: [string, unknown, string][] = [
  ['a refused connection', refused('127.0.0.1'), 'ECONNREFUSED 127.0.0.1:1'],
  [
    'a host name whose addresses all refuse',
    Object.assign(new AggregateError([refused('::1'), refused('127.0.0.1')]), { code: 'ECONNREFUSED' }),
    'ECONNREFUSED ::1:1, ECONNREFUSED 127.0.0.1:1',
  ],
  [
    'an unknown host',
    systemError('getaddrinfo ENOTFOUND nowhere.invalid', { code: 'ENOTFOUND', hostname: 'nowhere.invalid' }),
    'ENOTFOUND nowhere.invalid',
  ],
  [
    'a connect timeout',
    systemError('Connect Timeout Error (attempted address: 10.0.0.1:80, timeout: 2500ms)', {
      code: 'UND_ERR_CONNECT_TIMEOUT',
    }),
    'Connect Timeout Error (attempted address: 10.0.0.1:80, timeout: 2500ms)',
  ],
  [
    'a certificate of another host',
    systemError("Hostname/IP does not match certificate's altnames: Host: a. is not b", {
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      reason: 'Host: a. is not b',
    }),
    'ERR_TLS_CERT_ALTNAME_INVALID Host: a. is not b',
  ],
  [
    'a certificate nobody vouches for',
    systemError('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'DEPTH_ZERO_SELF_SIGNED_CERT self-signed certificate',
  ],
  [
    'an expired certificate',
    systemError('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
    'CERT_HAS_EXPIRED certificate has expired',
  ],
  [
    'an answer that is no TLS',
    systemError('80:error:wrong version number:ssl3_record.c:350', {
      code: 'ERR_SSL_WRONG_VERSION_NUMBER',
      reason: 'wrong version number',
    }),
    'ERR_SSL_WRONG_VERSION_NUMBER wrong version number',
  ],
  [
    'a name server that does not answer',
    systemError('getaddrinfo EAI_AGAIN nowhere.invalid', { code: 'EAI_AGAIN', hostname: 'nowhere.invalid' }),
    'EAI_AGAIN nowhere.invalid',
  ],
  ['a reset', systemError('read ECONNRESET', { code: 'ECONNRESET' }), 'read ECONNRESET'],
  [
    'a closed socket',
    systemError('other side closed', { code: 'UND_ERR_SOCKET' }),
    'connection lost (other side closed)',
  ],
  ['an error without a code', new Error('timed out after 100 ms'), 'timed out after 100 ms'],
  ['something that is no error', 'odd', 'odd'],
];

describe('a broken exchange', () => {
  it.each(CAUSES)('after %s is not sent while nothing was written', (what, cause, error) => {
    const [misaddressed, advice] = ADVICE[what] ?? [];
    expect(classifyError(cause, { written: false })).toEqual({
      kind: 'notSent',
      ...(misaddressed === undefined ? {} : { misaddressed }),
      error: advice === undefined ? error : `${error}; ${advice}`,
    });
  });

  it.each(CAUSES)('after %s is ambiguous once the request was written', (_what, cause, error) => {
    expect(classifyError(cause, { written: true })).toEqual({ kind: 'ambiguous', error });
  });

  it.each([
    ['its own time was over', new RequestWithdrawn('too late'), 'too late'],
    [
      'the client was closed',
      systemError('The client is closed', { code: 'UND_ERR_CLOSED' }),
      'The client is closed',
    ],
    [
      'the client was ended',
      systemError('The client is destroyed', { code: 'UND_ERR_DESTROYED' }),
      'The client is destroyed',
    ],
  ])('says that we withdrew the request when %s', (_why, cause, error) => {
    expect(classifyError(cause, { written: false })).toEqual({ kind: 'notSent', withdrawn: true, error });
    expect(classifyError(cause, { written: true })).toEqual({ kind: 'ambiguous', error });
  });

  it('tells the status if the head of an answer had arrived', () => {
    expect(classifyError(new Error('read ECONNRESET'), { written: true, httpStatus: 200 })).toEqual({
      kind: 'ambiguous',
      httpStatus: 200,
      error: 'HTTP 200, then read ECONNRESET',
    });
  });

  it('is told in one bounded line without the token', () => {
    const outcome = classifyError(
      new Error(`Bearer s3cret\n${'x'.repeat(1_000)}`),
      { written: true },
      's3cret',
    );
    const error = 'error' in outcome ? outcome.error : '';
    expect(error).toHaveLength(MAX_ERROR_LENGTH);
    expect(error).toMatch(/^Bearer \[token\] x+…$/);
  });
});
