import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A provider that takes every message at once and remembers none of them, as a process of its own: the
 * simulator's record would grow with each request, and its time would be missing to what is measured.
 */
const answer = Buffer.from('{"code":0,"message":"OK"}');
const server = createServer((request, response) => {
  request.resume().once('end', () => {
    response
      .writeHead(200, ['content-type', 'application/json', 'content-length', String(answer.length)])
      .end(answer);
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port);
});
process.once('disconnect', () => process.exit(0));
