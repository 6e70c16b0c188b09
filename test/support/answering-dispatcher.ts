import { randomUUID } from 'node:crypto';
import type { NatsConnection } from '@nats-io/transport-node';
import { controlSubjects, type MailingChanged, NatsLink } from '#libs/nats';
import type { TestApi } from './api.js';

/** A dispatcher as the API sees it: a row with a heartbeat, and whoever answers on NATS. */
export class AnsweringDispatcher {
  readonly id = randomUUID();
  readonly heard: MailingChanged[] = [];
  private link: NatsLink | undefined;

  private constructor(private readonly api: TestApi) {}

  /** One whose heartbeat is fresh, and that does not answer. */
  static async silent(api: TestApi, heartbeatAgo = '0 seconds'): Promise<AnsweringDispatcher> {
    const dispatcher = new AnsweringDispatcher(api);
    await api.query(
      `INSERT INTO dispatchers (id, shard, host, pid, started_at, heartbeat_at)
       VALUES ($1, 0, 'test', 1, now(), ems_now() - $2::interval)`,
      [dispatcher.id, heartbeatAgo],
    );
    return dispatcher;
  }

  /** One that confirms over NATS with so many requests in flight. */
  static async confirming(
    api: TestApi,
    inFlight: number,
    reply: (changed: MailingChanged) => object = () => ({}),
  ): Promise<AnsweringDispatcher> {
    const dispatcher = await AnsweringDispatcher.silent(api);
    const link = new NatsLink({ servers: [api.natsUrl], name: 'dispatcher' });
    const connected = new Promise<NatsConnection>((resolve) => link.onConnection(resolve));
    link.start();
    dispatcher.link = link;
    const connection = await connected;
    connection.subscribe(controlSubjects.mailing, {
      callback: (_error, message) => {
        const changed = message.json<MailingChanged>();
        dispatcher.heard.push(changed);
        const confirmed = {
          dispatcherId: dispatcher.id,
          version: changed.version,
          inFlight,
          ...reply(changed),
        };
        if (message.reply) message.respond(JSON.stringify(confirmed));
      },
    });
    await connection.flush();
    return dispatcher;
  }

  /** Confirms by a row, as one does that NATS does not reach. */
  async confirmByRow(mailingId: number, version: number, inFlight: number): Promise<void> {
    await this.api.query(
      `INSERT INTO control_confirmations (mailing_id, dispatcher_id, version, in_flight, confirmed_at)
       VALUES ($1, $2, $3, $4, ems_now())`,
      [mailingId, this.id, version, inFlight],
    );
  }

  /** Leaves the list, as at a clean shutdown, and NATS. */
  async leave(): Promise<void> {
    await this.link?.close();
    await this.api.query('DELETE FROM dispatchers WHERE id = $1', [this.id]);
  }
}
