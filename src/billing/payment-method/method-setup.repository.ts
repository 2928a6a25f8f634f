import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';

export const SETUP_STATUSES = ['processing', 'requires_action', 'succeeded', 'failed'] as const;
export type SetupStatus = (typeof SETUP_STATUSES)[number];

/** A method on its way to being kept: the bank may want to ask its owner first. */
export interface MethodSetup {
  readonly id: string;
  readonly customerId: string;
  readonly gateway: string;
  /** What the gateway calls it; null while that is not known. */
  readonly ref: string | null;
  readonly status: SetupStatus;
  readonly code: string | null;
  readonly makeDefault: boolean;
  readonly methodId: string | null;
  readonly createdAt: Date;
}

/** Set-ups of methods. Their id is the key of the call that makes them. */
@Injectable()
export class MethodSetupRepository {
  constructor(private readonly database: Database) {}

  async add(
    setup: Pick<MethodSetup, 'id' | 'customerId' | 'gateway' | 'makeDefault' | 'createdAt'>,
  ): Promise<void> {
    await this.database.execute(
      `INSERT INTO billing.payment_method_setups (id, customer_id, gateway, status, make_default, created_at)
       VALUES ($1, $2, $3, 'processing', $4, $5)`,
      [setup.id, setup.customerId, setup.gateway, setup.makeDefault, setup.createdAt],
    );
  }

  /** Of this customer; locked when a transaction is going to change it. */
  async find(customerId: string, id: string, lock = false): Promise<MethodSetup | null> {
    const [row] = await this.database.query<MethodSetup>(
      `SELECT id, customer_id AS "customerId", gateway, ref, status, code, make_default AS "makeDefault",
         method_id AS "methodId", created_at AS "createdAt"
         FROM billing.payment_method_setups WHERE id = $2 AND customer_id = $1 ${lock ? 'FOR UPDATE' : ''}`,
      [customerId, id],
    );
    return row ?? null;
  }

  async change(id: string, to: Pick<MethodSetup, 'ref' | 'status' | 'code' | 'methodId'>): Promise<void> {
    await this.database.execute(
      `UPDATE billing.payment_method_setups SET ref = coalesce($2, ref), status = $3, code = $4, method_id = $5 WHERE id = $1`,
      [id, to.ref, to.status, to.code, to.methodId],
    );
  }
}
