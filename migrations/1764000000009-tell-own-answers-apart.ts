import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which kind of suspicious answer proved to be a message's own, as being throttled says nothing about a refusal. And
 * the tenure of a batch in which one message alone was granted, to probe with: `granted_upto` is its id then, and
 * those below it never left.
 */
export class TellOwnAnswersApart1764000000009 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE messages RENAME COLUMN own_suspicions TO own_throttles`);
    // Constants as defaults rewrite no row.
    await db.query(`ALTER TABLE messages ADD COLUMN own_refusals smallint NOT NULL DEFAULT 0`);
    await db.query(`ALTER TABLE batches ADD COLUMN probe_fence bigint`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE batches DROP COLUMN probe_fence`);
    await db.query(`ALTER TABLE messages DROP COLUMN own_refusals`);
    await db.query(`ALTER TABLE messages RENAME COLUMN own_throttles TO own_suspicions`);
  }
}
