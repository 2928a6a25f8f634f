import { Database } from '../database/database.js';
import {
  pagesOf,
  PersonalData,
  type PersonalDataPage,
  type PersonalDataProvider,
  type Subject,
} from './personal-data.js';

interface Row {
  id: string;
}

/** What the platform knows about people: letters that wait, what they did, and answers that are kept to be repeated. */
@PersonalData()
export class PlatformPersonalData implements PersonalDataProvider {
  readonly name = 'platform';
  // After those whose last deeds may still have asked for a letter.
  readonly turn = 30;

  constructor(private readonly database: Database) {}

  async *collect({ customerId, email }: Subject): AsyncGenerator<PersonalDataPage> {
    yield* pagesOf<Row>('unsentMails', (after, limit) =>
      this.database.query(MAILS, [email, after?.id ?? null, limit]),
    );
    yield* pagesOf<Row>('auditEntries', (after, limit) =>
      this.database.query(ENTRIES, [customerId, after?.id ?? null, limit]),
    );
  }

  async hindrances(): Promise<string[]> {
    return Promise.resolve([]);
  }

  /** The trail stays: it names people by their ids alone. */
  async erase({ customerId, email }: Subject): Promise<void> {
    await this.database.execute(FORGET_MAILS, [email]);
    await this.database.execute(FORGET_ANSWERS, [customerId]);
  }
}

const MAILS = `
  SELECT id, template, recipient, requested_at AS "requestedAt" FROM platform.mails
  WHERE state <> 'sent' AND lower(recipient) = lower($1) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`;
// By two indexes; a deed of the person's own is found by the actor, one of somebody else by the subject. From where staff
// did something is none of the person's data.
const ENTRIES = `
  SELECT id, at, action, "subjectType", "subjectId", network, details FROM (
    (SELECT e.id, e.at, e.action, e.subject_type AS "subjectType", e.subject_id AS "subjectId",
      CASE WHEN e.actor_kind <> 'person' OR e.actor_id = $1 THEN e.network END AS network, e.details
      FROM platform.audit_entries e
      WHERE e.subject_type = 'account' AND e.subject_id = $1 AND ($2::uuid IS NULL OR e.id > $2) ORDER BY e.id LIMIT $3)
    UNION
    (SELECT e.id, e.at, e.action, e.subject_type, e.subject_id, e.network, e.details
      FROM platform.audit_entries e WHERE e.actor_id = $1 AND ($2::uuid IS NULL OR e.id > $2) ORDER BY e.id LIMIT $3)
  ) AS found ORDER BY id LIMIT $3`;
const FORGET_MAILS = `DELETE FROM platform.mails WHERE state <> 'sent' AND lower(recipient) = lower($1)`;
// The scope ends with whose key it is; the table holds three days and has no other way to a person.
const FORGET_ANSWERS = `
  DELETE FROM platform.idempotency_keys WHERE scope LIKE '%:person:' || $1::text`;
