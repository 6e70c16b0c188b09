import type { RestClient } from '../support/rest-client.js';
import type { Ledger, LedgerAudience, LedgerClient, LedgerMailing } from './ledger.js';
import type { SeededRandom } from './seeded-random.js';

export interface ClientTraits {
  tags?: readonly string[];
  /** Given to the clients in turn; Moscow if not said. */
  timezones?: readonly string[];
  operatorCodes?: readonly string[];
}

export interface MailingTerms {
  /** Everyone if not said. */
  audience?: LedgerAudience;
  /** Milliseconds from now by the database's clock; a second ago if not said. */
  startsInMs?: number;
  /** Ten minutes if not said. */
  endsInMs?: number;
  window?: { from: string; to: string };
  onAmbiguous?: 'resend' | 'hold';
  /** Further fields of the request, as they are. */
  fields?: Record<string, unknown>;
}

const PAGE = 1_000;

/** Creates clients and mailings through the API, changes them, and keeps in the ledger what ought to come of it. */
export class Load {
  private nextPhone: number;

  constructor(
    private readonly rest: RestClient,
    private readonly ledger: Ledger,
    random: SeededRandom,
  ) {
    this.nextPhone = 79_000_000_000 + Math.floor(random.between(0, 9_000)) * 100_000;
  }

  /** Creates clients, a thousand a call. */
  async clients(count: number, traits: ClientTraits = {}): Promise<LedgerClient[]> {
    const made: LedgerClient[] = [];
    while (made.length < count) {
      const items = Array.from({ length: Math.min(PAGE, count - made.length) }, (_, index) =>
        this.client(made.length + index, traits),
      );
      const { status, body } = await this.rest.post('/v1/clients/batch', {
        items: items.map((item) => ({ ...item, phone: `+${item.phone}` })),
      });
      if (status !== 200) throw new Error(`Clients were refused: ${JSON.stringify(body)}`);
      for (const [index, item] of items.entries()) {
        const id = body.items[index]?.client?.id;
        if (typeof id !== 'number') throw new Error(`Refused: ${JSON.stringify(body.items[index])}`);
        made.push({ ...item, id });
      }
    }
    for (const client of made) this.ledger.clients.set(client.id, client);
    return made;
  }

  /** Creates a mailing. Its text is its own, so that no body can be taken for another's. */
  async mailing(terms: MailingTerms = {}): Promise<LedgerMailing> {
    const { audience = {}, startsInMs = -1_000, endsInMs = 600_000, window, onAmbiguous } = terms;
    const text = `Mailing ${this.ledger.mailings.size + 1} — «привет» 👋`;
    const askedAt = Date.now();
    const now = this.ledger.databaseTime(askedAt);
    const [startAt, endAt] = [now + startsInMs, now + endsInMs];
    const targets = this.ledger.audienceOf(audience);
    const { status, body } = await this.rest.post('/v1/mailings', {
      text,
      audience,
      startAt: new Date(startAt).toISOString(),
      endAt: new Date(endAt).toISOString(),
      ...(window ? { window } : {}),
      ...(onAmbiguous ? { onAmbiguous } : {}),
      ...terms.fields,
    });
    if (status !== 201) throw new Error(`The mailing was refused: ${JSON.stringify(body)}`);
    const answeredAt = Date.now();
    const mailing: LedgerMailing = {
      id: body.id,
      text,
      audience,
      startAt,
      window,
      onAmbiguous: onAmbiguous ?? 'resend',
      targets,
      ends: [{ askedAt, answeredAt, state: endAt }],
      controls: [{ askedAt, answeredAt, state: 'running' }],
    };
    this.ledger.mailings.set(mailing.id, mailing);
    return mailing;
  }

  /** Moves a mailing's end to `endsInMs` from now. Returns whether the API took it. */
  async moveEnd(mailing: LedgerMailing, endsInMs: number): Promise<boolean> {
    const askedAt = Date.now();
    const endAt = this.ledger.databaseTime(askedAt) + endsInMs;
    const { status } = await this.rest.patch(`/v1/mailings/${mailing.id}`, {
      endAt: new Date(endAt).toISOString(),
    });
    if (status === 200) mailing.ends.push({ askedAt, answeredAt: Date.now(), state: endAt });
    return status === 200;
  }

  /**
   * Pauses, resumes or cancels; returns the answer's status. A stop that some dispatcher did not confirm is
   * not held against the record.
   */
  async control(mailing: LedgerMailing, change: 'pause' | 'resume' | 'cancel'): Promise<number> {
    const askedAt = Date.now();
    const { status, body } = await this.rest.post(`/v1/mailings/${mailing.id}/${change}`);
    if (status !== 200) return status;
    const stops = change !== 'resume' && body.unconfirmedDispatchers.length === 0;
    mailing.controls.push({ askedAt, answeredAt: Date.now(), state: stops ? 'stopped' : 'running' });
    return status;
  }

  private client(nth: number, traits: ClientTraits): Omit<LedgerClient, 'id'> {
    const { timezones = ['Europe/Moscow'], operatorCodes, tags = [] } = traits;
    const phone = (this.nextPhone += 1);
    return {
      phone,
      tags,
      timezone: timezones[nth % timezones.length] ?? 'UTC',
      operatorCode: operatorCodes?.[nth % operatorCodes.length] ?? String(phone).slice(1, 4),
    };
  }
}
