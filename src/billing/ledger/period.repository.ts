import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

/** The number that whoever posts shares (see the function billing.ledger_book) and whoever closes a month takes alone. */
const BOOKING = 7_204_112;

export interface PeriodRow {
  /** `2026-10`. */
  readonly period: string;
  /** Null: it is open. */
  readonly closedAt: Date | null;
  readonly closedBy: string | null;
  readonly position: number | null;
  readonly seal: string | null;
}

/** The months of the books. */
@Injectable()
export class PeriodRepository {
  constructor(private readonly database: Database) {}

  /** In the running transaction: waits for the postings that are under way, and keeps others waiting until its end. */
  async stopBooking(): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock($1)', [BOOKING]);
  }

  /** In the running transaction: no month is closed until its end; waits while one is. */
  async keepOpen(): Promise<void> {
    await this.database.query('SELECT pg_advisory_xact_lock_shared($1)', [BOOKING]);
  }

  /** Months that something was booked in or that are closed, newest first. */
  list(before: string | null, limit: number): Promise<PeriodRow[]> {
    return this.database.query<PeriodRow>(LIST, [before, limit]);
  }

  async find(period: string): Promise<PeriodRow | null> {
    const [row] = await this.database.query<PeriodRow>(
      `SELECT ${COLUMNS} FROM billing.ledger_periods p WHERE period = ($1 || '-01')::date`,
      [period],
    );
    return row ?? null;
  }

  /** The month that was closed last, and the first in which something was booked. */
  async ends(): Promise<{ closed: string | null; first: string | null }> {
    const [row] = await this.database.query<{ closed: string | null; first: string | null }>(ENDS);
    return row ?? { closed: null, first: null };
  }

  /** Currencies whose debits and credits up to this day differ. */
  async unbalanced(until: string): Promise<string[]> {
    const rows = await this.database.query<{ currency: string }>(UNBALANCED, [until]);
    return rows.map(({ currency }) => currency);
  }

  async close(period: string, at: Date, by: string | null, position: number, hash: string): Promise<void> {
    await this.database.execute(CLOSE, [period, at, by, position, hash]);
  }

  async timeZone(): Promise<string> {
    const [row] = await this.database.query<{ zone: string | null }>(
      `SELECT profile ->> 'timeZone' AS zone FROM billing.seller_profile`,
    );
    return row?.zone ?? 'UTC';
  }
}

const COLUMNS = `to_char(p.period, 'YYYY-MM') AS period, p.closed_at AS "closedAt", p.closed_by AS "closedBy",
  p.position::float8 AS position, encode(p.hash, 'hex') AS seal`;

const LIST = `
  WITH months AS (
    SELECT date_trunc('month', day)::date AS period FROM billing.ledger_days
    UNION SELECT date_trunc('month', t.booked_on)::date FROM billing.ledger_unsealed u
      JOIN billing.ledger_transactions t ON t.id = u.transaction_id
    UNION SELECT period FROM billing.ledger_periods
  )
  SELECT to_char(m.period, 'YYYY-MM') AS period, p.closed_at AS "closedAt", p.closed_by AS "closedBy",
    p.position::float8 AS position, encode(p.hash, 'hex') AS seal
  FROM months m LEFT JOIN billing.ledger_periods p ON p.period = m.period
  WHERE $1::text IS NULL OR m.period < ($1 || '-01')::date ORDER BY m.period DESC LIMIT $2`;

const ENDS = `
  SELECT (SELECT to_char(max(period), 'YYYY-MM') FROM billing.ledger_periods) AS closed,
    (SELECT to_char(min(booked_on), 'YYYY-MM') FROM billing.ledger_transactions) AS first`;

const UNBALANCED = `
  SELECT currency FROM billing.ledger_days WHERE day <= $1::date GROUP BY currency HAVING sum(debit - credit) <> 0
  UNION SELECT e.currency FROM billing.ledger_transactions t JOIN billing.ledger_entries e ON e.transaction_id = t.id
    WHERE t.booked_on BETWEEN date_trunc('month', $1::date) AND $1::date GROUP BY t.id, e.currency HAVING sum(e.amount) <> 0`;

const CLOSE = `
  INSERT INTO billing.ledger_periods (period, closed_at, closed_by, position, hash)
  VALUES (($1 || '-01')::date, $2, $3, $4, decode($5, 'hex'))`;
