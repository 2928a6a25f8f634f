import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import type { CreateCodeDto, GenerateCodesDto, GeneratedCodesDto, UpdateCodeDto } from './code.dto.js';
import { type Code, CodeRepository, type CodesWanted, type NewCodes } from './code.repository.js';
import { promotionProblems } from './promotion.errors.js';
import { foldCode, type Promotion } from './promotion.js';
import { PromotionRepository } from './promotion.repository.js';

/** 32 signs, none of which is read as another: no I, L, O, U. */
const SIGNS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 10;
const AT_ONCE = 1_000;

/** The codes of a promotion. One is one whatever its case, for all promotions and for good. */
@Injectable()
export class CodeService {
  constructor(
    private readonly database: Database,
    private readonly codes: CodeRepository,
    private readonly promotions: PromotionRepository,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  /** The newest first. */
  async list(promotionId: string, wanted: CodesWanted, after: string | null, limit: number): Promise<Code[]> {
    await this.requirePromotion(promotionId);
    return this.codes.list(promotionId, wanted, after, limit, this.clock.now());
  }

  /** 409 when the code is taken, by a disabled one too. */
  create(promotionId: string, input: CreateCodeDto, actor: Actor): Promise<Code> {
    const code = { id: newId(), code: foldCode(input.code) };
    return this.database.transaction(async () => {
      await this.requireCoded(promotionId);
      if ((await this.codes.insert([code], this.termsOf(promotionId, input, null))) === 0)
        throw promotionProblems.promotion_code_taken(undefined, {
          errors: [{ pointer: '/code', code: 'taken', message: 'is taken' }],
        });
      this.record(actor, 'created', code.id, { promotionId });
      return this.get(promotionId, code.id);
    });
  }

  /** All of them or none; what collides with codes that there are is made anew. */
  generate(promotionId: string, input: GenerateCodesDto, actor: Actor): Promise<GeneratedCodesDto> {
    const { count, prefix = '', length = LENGTH, limitTotal = 1 } = input;
    const batchId = newId();
    return this.database.transaction(async () => {
      await this.requireCoded(promotionId);
      const terms = this.termsOf(promotionId, { ...input, limitTotal }, batchId);
      for (let made = 0; made < count;) {
        const wanted = Math.min(AT_ONCE, count - made);
        const codes = Array.from({ length: wanted }, () => ({
          id: newId(),
          code: foldCode(prefix) + signs(length),
        }));
        made += await this.codes.insert(codes, terms);
      }
      this.record(actor, 'generated', batchId, { promotionId, count });
      return { batchId, count };
    });
  }

  async update(
    promotionId: string,
    id: string,
    input: UpdateCodeDto,
    version: number | null,
    actor: Actor,
  ): Promise<Code> {
    return this.database.transaction(async () => {
      const code = await this.codes.lock(promotionId, id);
      if (!code) throw platformProblems.not_found();
      requireVersion(version, code.version);
      const { status = code.status, limitTotal = code.limitTotal, endsAt } = input;
      const { limitPerCustomer = code.limitPerCustomer } = input;
      await this.codes.update(id, {
        status,
        limitTotal,
        limitPerCustomer,
        endsAt: endsAt === undefined ? code.endsAt : momentOf(endsAt),
      });
      this.record(actor, 'updated', id, { promotionId, status, limitTotal, limitPerCustomer });
      return this.get(promotionId, id);
    });
  }

  /** A CSV of all that are wanted, a thousand at a time, however many there are. */
  async csv(promotionId: string, wanted: CodesWanted): Promise<AsyncIterable<string>> {
    await this.requirePromotion(promotionId);
    return this.rows(promotionId, wanted);
  }

  private async *rows(promotionId: string, wanted: CodesWanted): AsyncGenerator<string> {
    yield 'code,status,uses,limit_total,limit_per_customer,ends_at,created_at\r\n';
    for (let after: string | null = null; ;) {
      const codes: Code[] = await this.codes.list(promotionId, wanted, after, AT_ONCE, this.clock.now());
      yield codes.map(row).join('');
      after = codes.at(-1)?.id ?? null;
      if (codes.length < AT_ONCE || after === null) return;
    }
  }

  private async get(promotionId: string, id: string): Promise<Code> {
    const code = await this.codes.find(promotionId, id, this.clock.now());
    if (!code) throw platformProblems.not_found();
    return code;
  }

  private async requirePromotion(id: string): Promise<Promotion> {
    const promotion = await this.promotions.find(id, this.clock.now());
    if (!promotion) throw platformProblems.not_found();
    return promotion;
  }

  private async requireCoded(id: string): Promise<void> {
    const promotion = await this.promotions.lock(id);
    if (!promotion) throw platformProblems.not_found();
    if (promotion.trigger !== 'code') throw promotionProblems.promotion_without_codes();
  }

  private termsOf(
    promotionId: string,
    { limitTotal = null, limitPerCustomer = null, endsAt }: CreateCodeDto | GenerateCodesDto,
    batchId: string | null,
  ): NewCodes {
    const at = this.clock.now();
    return {
      promotionId,
      status: 'active',
      limitTotal,
      limitPerCustomer,
      endsAt: momentOf(endsAt),
      batchId,
      at,
    };
  }

  private record(actor: Actor, what: string, subjectId: string, details: Record<string, unknown>): void {
    this.audit.record({
      actor,
      action: `ordering.promotion_code.${what}`,
      subjectType: 'promotion_code',
      subjectId,
      details,
    });
  }
}

const momentOf = (text: string | null | undefined): Date | null => (text ? new Date(text) : null);

/** 5 random bits a sign. */
const signs = (length: number): string =>
  [...randomBytes(length)].map((byte) => SIGNS[byte % SIGNS.length]).join('');

/** Codes are letters, digits, `-` and `_`: nothing that a spreadsheet would calculate, and nothing to quote. */
const row = ({ code, status, uses, limitTotal, limitPerCustomer, endsAt, createdAt }: Code): string =>
  `${[code, status, uses, limitTotal ?? '', limitPerCustomer ?? '', endsAt?.toISOString() ?? '', createdAt.toISOString()].join(',')}\r\n`;
