import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Mails that were asked for: one row per template and subject, which is what makes a mail go out once. */
export class Mails1760000000020 implements MigrationInterface {
  readonly name = 'Mails1760000000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE platform.mails (
        id uuid CONSTRAINT mails_pk PRIMARY KEY,
        template text NOT NULL,
        subject_id text NOT NULL,
        -- Personal data stays in this row: never in the event, the job or a log. Cleared when the mail is sent.
        recipient text NOT NULL,
        data jsonb NOT NULL,
        message_id text NOT NULL CONSTRAINT mails_message_id_key UNIQUE,
        state text NOT NULL DEFAULT 'pending' CONSTRAINT mails_state_check CHECK (state IN ('pending', 'sending', 'sent')),
        lease_until timestamptz,
        requested_at timestamptz NOT NULL DEFAULT now(),
        sent_at timestamptz,
        CONSTRAINT mails_once_key UNIQUE (template, subject_id)
      );
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE platform.mails');
  }
}
