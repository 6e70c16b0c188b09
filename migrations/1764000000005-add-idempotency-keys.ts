import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The keys under which requests may be repeated, each with the answer that the first one got. */
export class AddIdempotencyKeys1764000000005 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // The answer is json, not jsonb: a repetition gets the same bytes, and jsonb would put the fields into
    // another order. Without a status the answer is yet to come, which others see only of calls that commit
    // before they can answer.
    await db.query(`
      CREATE TABLE idempotency_keys (
        key text PRIMARY KEY,
        fingerprint bytea NOT NULL,
        created_at timestamptz NOT NULL,
        status smallint,
        location text,
        answer json,
        CONSTRAINT idempotency_keys_answer_has_status
          CHECK (status IS NOT NULL OR (location IS NULL AND answer IS NULL))
      ) WITH (fillfactor = 80)`);
    await db.query(`CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at)`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`DROP TABLE idempotency_keys`);
  }
}
