import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who hears which facts, as the running versions of the program know it. */
export class Consumers1760000000030 implements MigrationInterface {
  readonly name = 'Consumers1760000000030';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE platform.consumers (
        name text CONSTRAINT consumers_pk PRIMARY KEY,
        type text NOT NULL,
        queue text NOT NULL,
        seen_at timestamptz NOT NULL DEFAULT now()
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE platform.consumers');
  }
}
