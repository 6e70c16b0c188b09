import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What becomes of a message that may have been sent: since when it is in doubt, and what a person decided. */
export class AddAmbiguityPolicy1764000000004 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`CREATE TYPE ambiguity_policy AS ENUM ('resend', 'hold')`);
    await db.query(`ALTER TABLE mailings ADD COLUMN on_ambiguous ambiguity_policy NOT NULL DEFAULT 'resend'`);

    // When the present lease began, or the last one: what a dead owner was granted is in doubt since then.
    await db.query(`ALTER TABLE batches ADD COLUMN leased_at timestamptz`);

    // in_doubt_since: the first moment at which the provider may have accepted it without our knowing; NULL
    // means no doubt. resolved_attempts: attempts up to this number were judged by a person, so what comes to
    // light about them later counts only if the provider accepted the message.
    await db.query(`
      ALTER TABLE messages
        ADD COLUMN in_doubt_since timestamptz,
        ADD COLUMN resolved_attempts smallint NOT NULL DEFAULT 0`);
    // When the doubt began was not written down; no request is older than the message.
    await db.query(`UPDATE messages SET in_doubt_since = created_at WHERE ambiguous`);
    await db.query(`ALTER TABLE messages DROP COLUMN ambiguous`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE messages ADD COLUMN ambiguous boolean NOT NULL DEFAULT false`);
    await db.query(`UPDATE messages SET ambiguous = true WHERE in_doubt_since IS NOT NULL`);
    await db.query(`ALTER TABLE messages DROP COLUMN in_doubt_since, DROP COLUMN resolved_attempts`);
    await db.query(`ALTER TABLE batches DROP COLUMN leased_at`);
    await db.query(`ALTER TABLE mailings DROP COLUMN on_ambiguous`);
    await db.query(`DROP TYPE ambiguity_policy`);
  }
}
