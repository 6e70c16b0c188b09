import type { Scenario } from '../scenario.js';

/** A few requests at a time and a short lease, so that being overtaken takes seconds. */
const fewAtATime = {
  PROVIDER_CONCURRENCY: '4',
  MAX_UNRECORDED: '8',
  GRANT_SIZE: '4',
  PROVIDER_TIMEOUT_MS: '1000',
  PROBE_TIMEOUT_MS: '500',
  LEASE_MS: '3000',
  OWNER_SILENCE_MS: '1500',
};

const freezeMidBatch: Scenario = {
  name: 'freeze-mid-batch',
  what: 'SIGSTOP of a dispatcher that holds every batch for longer than its lease; it goes on while another sends them',
  quick: true,
  options: { dispatchers: 1, settings: fewAtATime },
  async run(stage) {
    await stage.behave({ latencyMs: 15 });
    await stage.load.clients(stage.amount(2_000));
    await stage.load.mailing();
    await stage.received(100);
    const [frozen] = stage.world.dispatchers;
    frozen?.suspend();
    await stage.world.addDispatcher();
    await stage.received((await stage.provider.summary()).requests + 150);
    frozen?.resume();
  },
};

const lateDoubts: Scenario = {
  name: 'late-doubts',
  what: 'a dispatcher wakes up when all it had was sent by another, and comes with doubts: what is sent stays sent',
  quick: false,
  options: { dispatchers: 1, settings: fewAtATime, settleMs: 30_000 },
  async run(stage) {
    await stage.behave({ faults: [{ kind: 'acceptThenHang', times: 4 }] });
    await stage.load.clients(400);
    const mailing = await stage.load.mailing();
    await stage.received(4);
    const [frozen] = stage.world.dispatchers;
    frozen?.suspend();
    await stage.world.addDispatcher();
    await stage.completed(mailing);
    frozen?.resume();
    await stage.pass(2_000);
  },
};

export const freezes = [freezeMidBatch, lateDoubts];
