import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/database.js';
import type { Calculation } from './calculation.js';

/** What orders were calculated from: written with the order (`OrderRepository.insert`) and never again. */
@Injectable()
export class CalculationRepository {
  constructor(private readonly database: Database) {}

  /** Undefined when there is no such order, or one from before calculations were kept. */
  async find(orderId: string): Promise<Calculation | undefined> {
    const [row] = await this.database.query<{ calculation: Calculation | null }>(FIND, [orderId]);
    return row?.calculation ?? undefined;
  }
}

const FIND = 'SELECT calculation FROM ordering.orders WHERE id = $1';
