import { Queue, Worker } from 'bullmq';
import { close, connections, type Job, sendOne } from './send-one.js';

const { REDIS_PORT = '', JOBS = '' } = process.env;
const jobs = Number(JOBS);
const PAGE = 1_000;
const connection = { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null };

const queue = new Queue<Job>('bench', { connection });
await queue.obliterate({ force: true });
for (let first = 1; first <= jobs; first += PAGE) {
  await queue.addBulk(
    Array.from({ length: Math.min(PAGE, jobs - first + 1) }, (_, nth) => ({
      name: 'send',
      data: { id: first + nth, phone: 79_000_000_000 + first + nth },
      opts: { attempts: 20, removeOnComplete: true },
    })),
  );
}
let done = 0;
const worker = new Worker<Job>('bench', ({ data }) => sendOne(data), {
  connection,
  concurrency: connections,
});
await new Promise<void>((resolve, reject) => {
  worker.on('completed', () => {
    done += 1;
    if (done === jobs) resolve();
  });
  worker.on('failed', (_, error) => reject(error));
});
await worker.close();
await queue.close();
await close();
