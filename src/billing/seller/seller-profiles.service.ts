import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/access/actor.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';
import { Database } from '../../platform/database/database.js';
import { Outbox } from '../../platform/events/outbox.js';
import { requireVersion } from '../../platform/http/etag.js';
import { type FieldError, platformProblems } from '../../platform/http/problem.js';
import { SellerProfileChanged } from '../billing.events.js';
import { isIban, isTimeZone, type SellerProfile, unknownSeller } from './seller-profile.js';
import { SellerProfileDto, type SellerProfileInput } from './seller-profile.dto.js';
import { SellerProfileRepository } from './seller-profile.repository.js';

/** Who sells. Documents keep what they were made with. */
@Injectable()
export class SellerProfiles {
  constructor(
    private readonly database: Database,
    private readonly rows: SellerProfileRepository,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /** What documents are made with now; of a shop that never said anything its name. */
  async current(): Promise<SellerProfile> {
    return this.complete((await this.rows.find())?.profile);
  }

  async get(): Promise<SellerProfileDto> {
    const stored = await this.rows.find();
    const { version, updatedAt } = stored ?? { version: 0, updatedAt: null };
    return SellerProfileDto.from({ profile: this.complete(stored?.profile), version, updatedAt });
  }

  /** What was not asked for when it was said is as at first. */
  private complete(said: SellerProfile | undefined): SellerProfile {
    return { ...unknownSeller(this.config.shopName), ...said };
  }

  /** Says all of it anew. 400 names what cannot be. Invoices that waited for it are finalised by themselves afterwards. */
  async replace(input: SellerProfileInput, version: number | null, actor: Actor): Promise<SellerProfileDto> {
    const profile = profileOf(input, unknownSeller(this.config.shopName));
    const errors = faultsOf(profile);
    const [first] = errors;
    if (first)
      throw platformProblems.invalid_input(`${first.pointer.slice(1)} ${first.message}.`, { errors });
    return this.database.transaction(async () => {
      const present = (await this.rows.find())?.version ?? 0;
      requireVersion(version, present);
      if (!(await this.rows.save(profile, present, this.clock.now()))) throw platformProblems.stale_version();
      this.outbox.record(new SellerProfileChanged({ version: present + 1 }));
      this.audit.record({
        actor,
        action: 'billing.seller_profile.updated',
        subjectType: 'seller_profile',
        subjectId: 'shop',
      });
      return this.get();
    });
  }
}

function profileOf(input: SellerProfileInput, base: SellerProfile): SellerProfile {
  const { address, notes = [], invoicePrefix, creditNotePrefix } = input;
  return {
    name: input.name,
    address: address
      ? {
          line1: address.line1,
          line2: address.line2 ?? null,
          city: address.city,
          postalCode: address.postalCode ?? null,
          region: address.region ?? null,
          country: address.country,
        }
      : null,
    vatId: input.vatId ?? null,
    taxNumber: input.taxNumber ?? null,
    register: input.register ?? null,
    email: input.email ?? null,
    iban: input.iban ?? null,
    bic: input.bic ?? null,
    timeZone: input.timeZone ?? base.timeZone,
    paymentTermDays: input.paymentTermDays ?? base.paymentTermDays,
    invoicePrefix: invoicePrefix ?? base.invoicePrefix,
    creditNotePrefix: creditNotePrefix ?? base.creditNotePrefix,
    notes,
    letters: input.letters ?? base.letters,
    unverifiedVatIds: input.unverifiedVatIds ?? base.unverifiedVatIds,
  };
}

function faultsOf({ iban, timeZone, invoicePrefix, creditNotePrefix }: SellerProfile): FieldError[] {
  return [
    ...(iban !== null && !isIban(iban)
      ? [
          {
            pointer: '/iban',
            code: 'check_digits',
            message: 'must be an IBAN without spaces whose check digits hold',
          },
        ]
      : []),
    ...(isTimeZone(timeZone)
      ? []
      : [{ pointer: '/timeZone', code: 'unknown', message: 'must be an IANA zone, such as Europe/Berlin' }]),
    ...(invoicePrefix === creditNotePrefix
      ? [
          {
            pointer: '/creditNotePrefix',
            code: 'duplicate',
            message: 'must be another one than that of invoices',
          },
        ]
      : []),
  ];
}
