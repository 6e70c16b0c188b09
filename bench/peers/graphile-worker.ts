import { Logger, run } from 'graphile-worker';
import { close, connections, type Job, postgres, sendOne } from './send-one.js';

const { JOBS = '' } = process.env;
const jobs = Number(JOBS);

/* Set up as its documentation does for speed: https://worker.graphile.org/docs/performance */
let done = 0;
let finish = () => {};
const finished = new Promise<void>((resolve) => (finish = resolve));
const preset = {
  worker: {
    concurrentJobs: connections,
    maxPoolSize: 10,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
const { makeWorkerUtils } = await import('graphile-worker');
const utils = await makeWorkerUtils({ pgPool: postgres });
await utils.migrate();
await postgres.query(
  `SELECT graphile_worker.add_jobs(ARRAY (
     SELECT ROW('send', json_build_object('id', id, 'phone', phone), NULL, NULL, 20, NULL, NULL, NULL)::graphile_worker.job_spec
     FROM peer_messages ORDER BY id))`,
);
const runner = await run({
  pgPool: postgres,
  preset,
  logger: new Logger(() => () => {}),
  noHandleSignals: true,
  taskList: {
    send: async (payload) => {
      await sendOne(payload as Job);
      done += 1;
      if (done === jobs) finish();
    },
  },
});
await finished;
await runner.stop();
await utils.release();
await close();
