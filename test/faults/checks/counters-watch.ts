import type { Breach } from '../invariant.js';
import type { FaultWorld } from '../world/fault-world.js';

const EVERY = 200;
/** Milliseconds after which there must have been a look while the scenario went on. */
const LOOKED_WITHIN = 2_000;

interface Difference {
  mailingId: number;
  status: string;
  counted: number;
  rows: number;
}

/** One statement sees one snapshot of both, whatever commits meanwhile. Mailing 0 stands for all of them. */
const differences = `
  WITH row_status AS MATERIALIZED (
    SELECT mailing_id, status::text, count(*) AS rows FROM messages GROUP BY 1, 2
  ), recount AS (
    SELECT * FROM row_status UNION ALL SELECT 0, status, sum(rows) FROM row_status GROUP BY 2
  ), counter AS (
    SELECT c.mailing_id, s.key AS status, sum(s.value::bigint) AS counted
    FROM mailing_counters c
    CROSS JOIN LATERAL jsonb_each_text(to_jsonb(c) - 'mailing_id' - 'shard') s
    GROUP BY 1, 2
  )
  SELECT coalesce(c.mailing_id, r.mailing_id) AS "mailingId", coalesce(c.status, r.status) AS status,
    coalesce(c.counted, 0)::float8 AS counted, coalesce(r.rows, 0)::float8 AS rows
  FROM counter c FULL JOIN recount r ON r.mailing_id = c.mailing_id AND r.status = c.status
  WHERE coalesce(c.counted, 0) <> coalesce(r.rows, 0)`;

/** `counters`: recounts again and again while the scenario goes on. Postgres may be away meanwhile. */
export class CountersWatch {
  private breach: Breach | undefined;
  private readonly startedAt = performance.now();
  private looks = 0;
  private failed = 0;
  private ended = false;
  private turn: NodeJS.Timeout | undefined;
  private looking: Promise<void> | undefined;

  constructor(private readonly world: FaultWorld) {
    this.schedule();
  }

  /** Looks a last time, at rest, and says what was found wrong first. Throws when Postgres is away. */
  async end(): Promise<Breach[]> {
    this.ended = true;
    clearTimeout(this.turn);
    await this.looking;
    const lasted = performance.now() - this.startedAt;
    await this.look('at rest');
    // Postgres is away for a part of a scenario at most, so that looks which all fail are the watch's own fault.
    if (lasted > LOOKED_WITHIN && this.failed === this.looks) {
      const seconds = (lasted / 1_000).toFixed(1);
      this.breach ??= {
        invariant: 'counters',
        figures: `none of ${this.looks} looks in ${seconds} s came to anything before the last one`,
      };
    }
    return this.breach ? [this.breach] : [];
  }

  /** Looks no more. */
  cancel(): void {
    this.ended = true;
    clearTimeout(this.turn);
  }

  private schedule(): void {
    this.turn = setTimeout(() => {
      this.looking = this.lookAgain();
    }, EVERY);
  }

  private async lookAgain(): Promise<void> {
    await this.look(`look ${(this.looks += 1)}`).catch(() => {
      this.failed += 1;
    });
    if (!this.ended) this.schedule();
  }

  private async look(when: string): Promise<void> {
    const [first, ...others] = await this.world.query<Difference>(differences);
    if (!first) return;
    const { mailingId, status, counted, rows } = first;
    const which = mailingId === 0 ? 'all mailings' : `mailing ${mailingId}`;
    this.breach ??= {
      invariant: 'counters',
      figures: `${when}: ${which} counts ${counted} ${status} and has ${rows}; ${others.length} more differ`,
    };
  }
}
