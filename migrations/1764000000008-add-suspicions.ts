import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How many suspicious answers a message got: such as may be about its recipient alone or about everybody. And of
 * how many it is known, since another recipient was served after them, that they were about its recipient. A
 * provider's row tells how long sending was last stopped for, so that a pause is only believed as others agree.
 */
export class AddSuspicions1764000000008 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // Constants as defaults rewrite no row.
    await db.query(`
      ALTER TABLE messages
        ADD COLUMN suspicions smallint NOT NULL DEFAULT 0,
        ADD COLUMN own_suspicions smallint NOT NULL DEFAULT 0`);
    await db.query(`ALTER TABLE providers ADD COLUMN paused_for interval`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE providers DROP COLUMN paused_for`);
    await db.query(`ALTER TABLE messages DROP COLUMN suspicions, DROP COLUMN own_suspicions`);
  }
}
