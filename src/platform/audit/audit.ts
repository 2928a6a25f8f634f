import { Injectable } from '@nestjs/common';
import { type Actor, actorId } from '../access/actor.js';
import { Database } from '../database/database.js';
import { currentRequest } from '../http/request-context.js';
import { newId } from '../ids.js';

export interface AuditEntry {
  actor: Actor;
  /** `catalog.product.updated`. */
  action: string;
  subjectType: string;
  subjectId: string;
  /** What changed; never secrets or personal data. */
  details?: object;
}

/** The append-only trail of who did what, written in the transaction of the deed. */
@Injectable()
export class Audit {
  private readonly collected = new WeakMap<object, AuditEntry[]>();

  constructor(private readonly database: Database) {}

  record(entry: AuditEntry): void {
    const transaction = this.database.transactionToken();
    const entries = this.collected.get(transaction);
    if (entries) {
      entries.push(entry);
      return;
    }
    const started = [entry];
    this.collected.set(transaction, started);
    this.database.beforeCommit('audit', () => this.write(started));
  }

  private async write(entries: AuditEntry[]): Promise<void> {
    const request = currentRequest();
    const rows = entries.map(({ actor, action, subjectType, subjectId, details }) => ({
      id: newId(),
      actor_kind: actor.kind,
      actor_id: actorId(actor),
      impersonator_id: actor.kind === 'person' ? actor.impersonatorId : null,
      action,
      subject_type: subjectType,
      subject_id: subjectId,
      request_id: request?.requestId ?? null,
      network: request?.network ?? null,
      details: details ?? null,
    }));
    await this.database.execute(INSERT, [JSON.stringify(rows)]);
  }
}

const INSERT = `
  WITH entries AS (
    INSERT INTO platform.audit_entries
      (id, actor_kind, actor_id, impersonator_id, action, subject_type, subject_id, request_id, network, details)
    SELECT id, actor_kind, actor_id, impersonator_id, action, subject_type, subject_id, request_id, network, details
    FROM jsonb_to_recordset($1) AS r (id uuid, actor_kind text, actor_id text, impersonator_id text, action text,
      subject_type text, subject_id text, request_id text, network text, details jsonb)
    RETURNING id
  )
  INSERT INTO platform.audit_unsealed (entry_id) SELECT id FROM entries`;
