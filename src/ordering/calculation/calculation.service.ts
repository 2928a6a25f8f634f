import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import { type Calculation, type Recomputed, recompute } from './calculation.js';
import { CalculationRepository } from './calculation.repository.js';

/** Calculates orders again. */
@Injectable()
export class CalculationService {
  constructor(private readonly calculations: CalculationRepository) {}

  /** What an order was calculated from, and what that comes to now; 404 when it is not known. */
  async again(orderId: string): Promise<{ calculation: Calculation; recomputed: Recomputed }> {
    const calculation = await this.calculations.find(orderId);
    if (!calculation) throw platformProblems.not_found();
    return { calculation, recomputed: recompute(calculation) };
  }
}
