import { expect, test } from 'vitest';
import { redactor } from '#libs/telemetry';

const key = 'k3y-of/the+service.1234';
const redact = redactor([key, 'short', 'quote"back\\slash!']);

test.each([
  ['the key itself', `{"msg":"refused ${key}"}`, '{"msg":"refused [redacted]"}'],
  ['the key in an address', `/v1?x=${encodeURIComponent(key)}`, '/v1?x=[redacted]'],
  [
    'a key with characters that JSON escapes',
    JSON.stringify({ msg: 'quote"back\\slash!' }),
    '{"msg":"[redacted]"}',
  ],
  [
    'the password of an address',
    '{"msg":"connect postgres://ems:s3cret@db:5432/ems failed"}',
    '{"msg":"connect postgres://ems:[redacted]@db:5432/ems failed"}',
  ],
  [
    'a bearer token',
    '{"headers":{"authorization":"Bearer abc.def-ghi"}}',
    '{"headers":{"authorization":"[redacted]"}}',
  ],
  ['a bearer token in words', '{"msg":"sent Bearer abc.def=="}', '{"msg":"sent Bearer [redacted]"}'],
  ['a field by its name', '{"token":"abc","apiKey":"def"}', '{"token":"[redacted]","apiKey":"[redacted]"}'],
  [
    'a field in a body that was quoted',
    JSON.stringify({ msg: '{"password":"abc"}' }),
    JSON.stringify({ msg: '{"password":"[redacted]"}' }),
  ],
  ['a parameter by its name', '{"url":"/x?token=abc&y=1"}', '{"url":"/x?token=[redacted]&y=1"}'],
])('%s is taken out of a line', (_what, line, expected) => {
  expect(redact(line)).toBe(expected);
});

test.each([
  ['{"msg":"a short word"}'],
  ['{"msg":"mailing 7 planned","mailingId":7,"token":null,"tokens":3}'],
  ['{"at":"2026-01-01T00:00:00.000Z","url":"http://127.0.0.1:3100/v1/send/1"}'],
  ['{"error":"Unexpected token } in JSON"}'],
])('%s stays as it is', (line) => {
  expect(redact(line)).toBe(line);
});
