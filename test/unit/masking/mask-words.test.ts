import { describe, expect, it } from 'vitest';
import { maskFields, maskWords } from '#libs/masking';

describe('phone numbers in words of others', () => {
  it.each([
    '79001234567',
    '+79001234567',
    '+7 (900) 123-45-67',
    '8 (900) 123-45-67',
    '+7 900 123 45 67',
    '+7\u00a0900\u2009123\u201145\u201167',
    '+7.900.123.45.67',
    '+7-900-123-45-67',
    '7/900/123/45/67',
    '79,001,234,567',
    '9001234567',
    '123-45-67',
    '00491711234567',
    '\u2066+7 900 123 45 67\u2069',
    '７９００１２３４５６７',
    '٧٩٠٠١٢٣٤٥٦٧',
    '%2B7%20(900)%20123-45-67',
    '+7&nbsp;900&#160;123-45-67',
  ])('%j is masked', (phone) => {
    const masked = maskWords(`no such number: ${phone}, code 12`);
    expect(masked).toMatch(/^no such number: [^\p{Nd}]{0,2}(?:%2B)?\(?\[phone\][^\p{Nd}]{0,2}, code 12$/u);
  });

  it('is masked within another word, and each of several', () => {
    expect(maskWords('tel79001234567x 79001234568')).toBe('tel[phone]x [phone]');
  });

  it.each([
    'HTTP 429, code 21211: limit 100 of 60 s, try again in 120000 ms',
    'ECONNREFUSED 192.168.10.100:54321',
    'at 2026-11-30T12:30:45.123456Z, 2026-11-30 12:30, on 2026-11-30',
    'request 550e8400-e29b-41d4-a716-446655440000',
    'nginx/1.18.0 (Ubuntu)',
    'id 123456',
  ])('%j stays as it is', (words) => {
    expect(maskWords(words)).toBe(words);
  });
});

describe('secrets in words of others', () => {
  it.each([
    ['no such key: Bearer abc.def', 'no such key: Bearer [redacted]'],
    ['Authorization: Basic dXNlcjpwYXNz', 'Authorization: Basic [redacted]'],
    ['go to https://user:pass@host/x?y=1', 'go to https://[redacted]@host/x?y=1'],
    ['go to https://tokenonly@host/', 'go to https://[redacted]@host/'],
    ['302 to https://h/cb?access_token=abc&x=1', '302 to https://h/cb?access_token=[redacted]&x=1'],
    ['302 to https://h/cb?x=1&sig=abc', '302 to https://h/cb?x=1&sig=[redacted]'],
    ['{"client_secret":"abc","code":7}', '{"client_secret":"[redacted]","code":7}'],
    ['X-Api-Key: abcdef', 'X-Api-Key: [redacted]'],
    ['got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'got [redacted]'],
  ])('%j becomes %j', (words, masked) => {
    expect(maskWords(words)).toBe(masked);
    expect(maskWords(masked)).toBe(masked);
  });

  it.each(['Basic authentication is needed', 'Unexpected token < in JSON', 'the key is unknown'])(
    '%j stays as it is',
    (words) => expect(maskWords(words)).toBe(words),
  );
});

it('masks what an error carries beside its message', () => {
  const error = {
    message: 'duplicate',
    detail: 'Key (phone)=(79001234567)',
    parameters: [79001234567, 'Anna', null, 7],
  };
  expect(maskFields(error)).toEqual({
    message: 'duplicate',
    detail: 'Key (phone)=([phone])',
    parameters: ['[phone]', 'Anna', null, 7],
  });
});
