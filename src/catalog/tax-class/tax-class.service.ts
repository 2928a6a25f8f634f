import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Database, isForeignKeyViolation } from '../../platform/database/database.js';
import { platformProblems } from '../../platform/http/problem.js';
import { catalogProblems } from '../catalog.errors.js';
import { type TaxClass, TaxClassRepository } from './tax-class.repository.js';

/** What every product without a class of its own has, and what zones fall back to: it cannot go. */
export const STANDARD = 'standard';

/** The kinds of goods that are taxed alike. Which rate a class has is said by the tax zones. */
@Injectable()
export class TaxClassService {
  constructor(
    private readonly database: Database,
    private readonly classes: TaxClassRepository,
    private readonly audit: Audit,
  ) {}

  list(): Promise<TaxClass[]> {
    return this.classes.all();
  }

  async create(input: TaxClass, actor: Actor): Promise<TaxClass> {
    await this.database.transaction(async () => {
      if (!(await this.classes.insert(input)))
        throw platformProblems.conflict('There is a tax class of this code.', {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      this.record(actor, 'created', input.code);
    });
    return input;
  }

  async delete(code: string, actor: Actor): Promise<void> {
    if (code === STANDARD) throw catalogProblems.tax_class_in_use('The class standard is always there.');
    try {
      await this.database.transaction(async () => {
        if (!(await this.classes.delete(code))) throw platformProblems.not_found();
        this.record(actor, 'deleted', code);
      });
    } catch (error) {
      if (isForeignKeyViolation(error, 'products_tax_class_fk')) throw catalogProblems.tax_class_in_use();
      throw error;
    }
  }

  private record(actor: Actor, what: string, code: string): void {
    this.audit.record({
      actor,
      action: `catalog.tax_class.${what}`,
      subjectType: 'tax_class',
      subjectId: code,
    });
  }
}
