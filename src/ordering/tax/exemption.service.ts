import { Injectable } from '@nestjs/common';
import { IdentityApi } from '../../identity/identity.api.js';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database, isUniqueViolation } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { TaxExemptionDto, TaxExemptionInput, TaxExemptionPatch } from './exemption.dto.js';
import { ExemptionRepository, type StoredExemption } from './exemption.repository.js';

/** Certificates by which customers pay no tax. Orders keep the one that they were placed with. */
@Injectable()
export class ExemptionService {
  constructor(
    private readonly database: Database,
    private readonly exemptions: ExemptionRepository,
    private readonly identity: IdentityApi,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async list(customerId: string | null, after: string | null, limit: number): Promise<TaxExemptionDto[]> {
    return (await this.exemptions.list(customerId, after, limit)).map(shown);
  }

  async get(id: string): Promise<TaxExemptionDto> {
    return shown(await this.required(id));
  }

  /** 422 for a customer that there is none of; 409 when it has that certificate already. */
  async create(actor: Actor, input: TaxExemptionInput): Promise<TaxExemptionDto> {
    if ((await this.identity.customer(input.customerId)) === null) {
      throw platformProblems.not_found('There is no such customer.', {
        errors: [{ pointer: '/customerId', code: 'unknown', message: 'is no customer' }],
      });
    }
    const { customerId, number, jurisdiction, reason, validUntil } = input;
    const one: StoredExemption = {
      id: newId(),
      customerId,
      number,
      jurisdiction,
      reason,
      validUntil: validUntil ? new Date(validUntil) : null,
      createdAt: this.clock.now(),
      version: 1,
    };
    return this.saving(async () => {
      await this.exemptions.insert(one);
      this.record(actor, 'created', one);
      return shown(one);
    });
  }

  update(
    actor: Actor,
    id: string,
    patch: TaxExemptionPatch,
    version: number | null,
  ): Promise<TaxExemptionDto> {
    return this.saving(async () => {
      const present = await this.required(id, true);
      requireVersion(version, present.version);
      const { validUntil, ...rest } = patch;
      const one: StoredExemption = {
        ...present,
        ...rest,
        ...(validUntil !== undefined && { validUntil: validUntil === null ? null : new Date(validUntil) }),
        version: present.version + 1,
      };
      await this.exemptions.update(one);
      this.record(actor, 'updated', one);
      return shown(one);
    });
  }

  async delete(actor: Actor, id: string, version: number | null): Promise<void> {
    await this.saving(async () => {
      const present = await this.required(id, true);
      requireVersion(version, present.version);
      await this.exemptions.delete(id);
      this.record(actor, 'deleted', present);
    });
  }

  private async required(id: string, lock = false): Promise<StoredExemption> {
    const one = await this.exemptions.find(id, lock);
    if (!one) throw platformProblems.not_found();
    return one;
  }

  private async saving<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.database.transaction(work);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
      throw platformProblems.conflict('The customer has that certificate already.', {
        errors: [
          { pointer: '/number', code: 'taken', message: 'is taken for this customer and jurisdiction' },
        ],
      });
    }
  }

  private record(actor: Actor, what: string, { id, jurisdiction, validUntil }: StoredExemption): void {
    this.audit.record({
      actor,
      action: `ordering.tax_exemption.${what}`,
      subjectType: 'tax_exemption',
      subjectId: id,
      details: { jurisdiction, validUntil },
    });
  }
}

const shown = ({ validUntil, createdAt, ...one }: StoredExemption): TaxExemptionDto => ({
  ...one,
  validUntil: validUntil?.toISOString() ?? null,
  createdAt: createdAt.toISOString(),
});
