import { runMigrations } from 'bullmq';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of BullMQ's PostgreSQL back end. Its migrator opens its own transactions, so this file must not. */
export class Bullmq1760000000001 implements MigrationInterface {
  readonly name = 'Bullmq1760000000001';
  readonly transaction = false;

  async up(queryRunner: QueryRunner): Promise<void> {
    await runMigrations(await queryRunner.connect(), 'bullmq');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP SCHEMA IF EXISTS bullmq CASCADE');
  }
}
