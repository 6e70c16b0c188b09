import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether those over whose answers sending stopped last were wrong, as others were served all the same. */
export class RememberRefutedWitnesses1764000000010 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    // A constant as the default rewrites no row.
    await db.query(`ALTER TABLE providers ADD COLUMN refuted boolean NOT NULL DEFAULT false`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`ALTER TABLE providers DROP COLUMN refuted`);
  }
}
