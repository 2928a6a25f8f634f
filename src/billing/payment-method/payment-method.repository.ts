import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import { newId } from '../../platform/ids.js';
import type { MethodView } from '../gateway/payment-gateway.port.js';
import type { PaymentMethod } from './payment-method.js';

/** Methods that customers have kept, and what they are called at the gateway. */
@Injectable()
export class PaymentMethodRepository {
  constructor(private readonly database: Database) {}

  /**
   * Keeps a method, once, however often it is told. The first of a customer is the default. Null when the method is somebody
   * else's, or was not kept at the gateway.
   */
  async keep(
    customerId: string | null,
    gateway: string,
    method: MethodView,
    { isDefault, now }: { isDefault: boolean; now: Date },
  ): Promise<string | null> {
    if (customerId === null || method.customerRef === null) return null;
    await this.lockCustomer(customerId);
    const [row] = await this.database.query<{ id: string }>(KEEP, [
      newId(),
      customerId,
      gateway,
      method.ref,
      method.customerRef,
      method.brand,
      method.last4,
      method.expiryMonth,
      method.expiryYear,
      method.fingerprint,
      now,
    ]);
    if (row && isDefault) await this.makeDefault(customerId, row.id);
    return row?.id ?? null;
  }

  /** The methods of a customer, the oldest first. */
  ofCustomer(customerId: string): Promise<PaymentMethod[]> {
    return this.database.query<PaymentMethod>(
      `SELECT ${METHOD} FROM billing.payment_methods m WHERE customer_id = $1 ORDER BY id`,
      [customerId],
    );
  }

  /**
   * A method of this customer, or with `id` null the default one. This is the one rule of what may be charged: who has chosen a method
   * has allowed that one, so where it was removed there is none, and the default is not charged in its place.
   */
  async find(customerId: string, id: string | null): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(FIND, [customerId, id]);
    return row ?? null;
  }

  /** The same in the caller's transaction, until whose end it is not removed. */
  async hold(customerId: string, id: string | null): Promise<PaymentMethod | null> {
    const [row] = await this.database.query<PaymentMethod>(`${FIND} FOR SHARE`, [customerId, id]);
    return row ?? null;
  }

  /** False when it is none of this customer's. */
  async makeDefault(customerId: string, id: string): Promise<boolean> {
    await this.lockCustomer(customerId);
    if ((await this.find(customerId, id)) === null) return false;
    await this.database.execute(
      'UPDATE billing.payment_methods SET is_default = false WHERE customer_id = $1 AND is_default AND id <> $2',
      [customerId, id],
    );
    await this.database.execute('UPDATE billing.payment_methods SET is_default = true WHERE id = $1', [id]);
    return true;
  }

  /** Takes methods away from their customer (`id` null: all of them); the newest that is left is the default then. */
  async remove(customerId: string, id: string | null): Promise<string[]> {
    await this.lockCustomer(customerId);
    const rows = await this.database.query<{ id: string }>(
      `WITH gone AS (
         UPDATE billing.payment_methods SET customer_id = NULL, is_default = false
          WHERE customer_id = $1 AND ($2::uuid IS NULL OR id = $2) RETURNING id
       ) SELECT id FROM gone`,
      [customerId, id],
    );
    await this.database.execute(
      `UPDATE billing.payment_methods SET is_default = true
        WHERE id = (SELECT id FROM billing.payment_methods WHERE customer_id = $1 ORDER BY id DESC LIMIT 1)
          AND NOT EXISTS (SELECT FROM billing.payment_methods WHERE customer_id = $1 AND is_default)`,
      [customerId],
    );
    return rows.map((row) => row.id);
  }

  /** The gateway's name of a method that nobody has any more; null when it is forgotten already. */
  async removed(id: string): Promise<string | null> {
    const [row] = await this.database.query<{ ref: string }>(
      'SELECT ref FROM billing.payment_methods WHERE id = $1 AND customer_id IS NULL',
      [id],
    );
    return row?.ref ?? null;
  }

  async forget(id: string): Promise<void> {
    await this.database.execute('DELETE FROM billing.payment_methods WHERE id = $1 AND customer_id IS NULL', [
      id,
    ]);
  }

  /** Which customer of the gateway this one is: the key of the call that makes it, and its name there when it is made. */
  async gatewayCustomer(
    customerId: string,
    gateway: string,
    now: Date,
  ): Promise<{ id: string; ref: string | null }> {
    await this.database.execute(
      `INSERT INTO billing.gateway_customers (id, customer_id, gateway, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (customer_id, gateway) DO NOTHING`,
      [newId(), customerId, gateway, now],
    );
    const [row] = await this.database.query<{ id: string; ref: string | null }>(
      'SELECT id, ref FROM billing.gateway_customers WHERE customer_id = $1 AND gateway = $2',
      [customerId, gateway],
    );
    if (row === undefined) throw new Error(`customer ${customerId} is erased`);
    return row;
  }

  async nameGatewayCustomer(id: string, ref: string): Promise<void> {
    await this.database.execute('UPDATE billing.gateway_customers SET ref = $2 WHERE id = $1', [id, ref]);
  }

  /** Nothing says any more who this was at the gateway. */
  async forgetCustomer(customerId: string): Promise<void> {
    await this.database.execute('DELETE FROM billing.payment_method_setups WHERE customer_id = $1', [
      customerId,
    ]);
    await this.database.execute('DELETE FROM billing.gateway_customers WHERE customer_id = $1', [customerId]);
  }

  /** Two changes of one customer's methods never meet: there is one default. */
  private async lockCustomer(customerId: string): Promise<void> {
    await this.database.query(
      'SELECT id FROM billing.gateway_customers WHERE customer_id = $1 ORDER BY id FOR UPDATE',
      [customerId],
    );
  }
}

const METHOD = `m.id, m.customer_id AS "customerId", m.gateway, m.ref, m.customer_ref AS "customerRef", m.brand, m.last4,
  m.expiry_month AS "expiryMonth", m.expiry_year AS "expiryYear", m.fingerprint, m.is_default AS "isDefault", m.created_at AS "createdAt"`;

const FIND = `
  SELECT ${METHOD} FROM billing.payment_methods m WHERE customer_id = $1 AND ($2::uuid IS NULL AND is_default OR id = $2)`;

// What was removed stays removed, also when an old call is told of once more.
const KEEP = `
  INSERT INTO billing.payment_methods AS m
    (id, customer_id, gateway, ref, customer_ref, brand, last4, expiry_month, expiry_year, fingerprint, is_default, created_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
    NOT EXISTS (SELECT FROM billing.payment_methods WHERE customer_id = $2 AND is_default), $11)
  ON CONFLICT (gateway, ref) DO UPDATE SET expiry_month = excluded.expiry_month, expiry_year = excluded.expiry_year
    WHERE m.customer_id = $2
  RETURNING id`;
