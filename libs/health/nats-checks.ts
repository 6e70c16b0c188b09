import type { NatsLink, WorkQueue } from '#libs/nats';
import type { HealthCheck } from './check.js';

/** Whether NATS can be spoken to. Without it sending goes on by polling Postgres. */
export function natsCheck(link: NatsLink): HealthCheck {
  return {
    name: 'nats',
    essential: false,
    look: async () => {
      const server = link.connection?.getServer();
      if (server !== undefined) return { status: 'up', server };
      const message = 'NATS is not reachable. The service keeps trying to connect.';
      return { status: 'degraded', class: 'unreachable', message };
    },
  };
}

/** Whether the stream of tickets and its consumer exist, in how many copies, and how many tickets nobody has fetched. */
export function workStreamCheck(queue: WorkQueue): HealthCheck {
  return {
    name: 'workStream',
    essential: false,
    look: async () => {
      const state = await queue.state();
      const shortage = state.stream === 'ok' ? queue.shortage(state) : '';
      if (state.stream === 'ok' && state.consumer === 'ok') {
        return shortage === ''
          ? { status: 'up', ...state }
          : { status: 'degraded', class: 'shortage', message: shortage, ...state };
      }
      const message =
        state.stream === 'unknown'
          ? 'JetStream does not answer.'
          : 'The stream or its consumer is missing. A dispatcher will create it again.';
      const kind = state.stream === 'unknown' ? 'silent' : 'missing';
      return { status: 'degraded', class: kind, message, ...state };
    },
  };
}
