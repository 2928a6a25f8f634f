import { Injectable } from '@nestjs/common';
import { CatalogApi } from '../../catalog/catalog.api.js';
import { IdentityApi } from '../../identity/identity.api.js';
import { type Actor, actorId } from '../../platform/access/actor.js';
import { requireAddresses, toAddress } from '../../platform/address/address.js';
import { Audit } from '../../platform/audit/audit.js';
import { Clock } from '../../platform/clock.js';
import { Database } from '../../platform/database/database.js';
import { requireVersion } from '../../platform/http/etag.js';
import { platformProblems } from '../../platform/http/problem.js';
import { newId } from '../../platform/ids.js';
import { quantitiesOf } from '../cart/cart.js';
import { CartCodes } from '../promotion/cart-codes.service.js';
import { ShippingChoices } from '../shipping/shipping-choices.service.js';
import { TaxDesk } from '../tax/tax-desk.service.js';
import type { CheckedVatId } from '../../platform/vat/vat-id.js';
import { draftLines } from './draft-lines.js';
import { type DraftOrder, pricesOf } from './draft-order.js';
import type { CreateDraftOrderDto, DraftLineInput, UpdateDraftOrderDto } from './draft-order.dto.js';
import { draftOrderProblems } from './draft-order.errors.js';
import { type DraftFilter, DraftOrderRepository } from './draft-order.repository.js';

/** Orders that staff write for somebody. A draft holds nothing; its quote is today's. */
@Injectable()
export class DraftOrders {
  constructor(
    private readonly database: Database,
    private readonly drafts: DraftOrderRepository,
    private readonly catalog: CatalogApi,
    private readonly identity: IdentityApi,
    private readonly codes: CartCodes,
    private readonly choices: ShippingChoices,
    private readonly tax: TaxDesk,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  async get(id: string): Promise<DraftOrder> {
    const draft = await this.drafts.find(id);
    if (!draft) throw platformProblems.not_found();
    return draft;
  }

  /** The newest first. */
  list(filter: DraftFilter, after: string | null, limit: number): Promise<DraftOrder[]> {
    return this.drafts.list(filter, after, limit);
  }

  async create({ currency, ...input }: CreateDraftOrderDto, actor: Actor): Promise<DraftOrder> {
    const now = this.clock.now();
    const empty: DraftOrder = {
      id: newId(),
      state: 'open',
      customerId: null,
      email: '',
      currency,
      shippingAddress: null,
      billingAddress: null,
      shippingOptionId: null,
      pickupPointId: null,
      pickupPoint: null,
      vatId: null,
      vatCheck: null,
      promotionCodes: [],
      note: null,
      lines: [],
      orderId: null,
      createdBy: actorId(actor),
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    const draft = await this.filled(empty, input, await this.vatOf(input));
    return this.database.transaction(async () => {
      await this.drafts.insert(draft);
      this.record(draft, 'created', actor);
      return this.get(draft.id);
    });
  }

  /** What is left out stays; lines take the place of the lines that were there. */
  async update(
    id: string,
    input: UpdateDraftOrderDto,
    version: number | null,
    actor: Actor,
  ): Promise<DraftOrder> {
    // The register is asked before anything is locked, and only for a draft that there is.
    await this.get(id);
    const vat = await this.vatOf(input);
    return this.database.transaction(async () => {
      const draft = await this.open(id, version);
      const next = { ...(await this.filled(draft, input, vat)), updatedAt: this.clock.now() };
      await this.drafts.save(next);
      this.record(next, 'updated', actor);
      return this.get(id);
    });
  }

  async remove(id: string, version: number | null, actor: Actor): Promise<void> {
    await this.database.transaction(async () => {
      const draft = await this.open(id, version);
      await this.drafts.remove(id);
      this.record(draft, 'deleted', actor);
    });
  }

  /** In the caller's transaction: locked, and of this version. 409 when it was placed. */
  async open(id: string, version: number | null): Promise<DraftOrder> {
    const draft = await this.drafts.locked(id);
    if (!draft) throw platformProblems.not_found();
    if (draft.state !== 'open')
      throw draftOrderProblems.draft_order_closed(undefined, { extra: { orderId: draft.orderId } });
    requireVersion(version, draft.version);
    return draft;
  }

  /** Null: it stays as it is. */
  private async vatOf({
    vatId,
  }: UpdateDraftOrderDto): Promise<CheckedVatId | { vatId: null; vatCheck: null } | null> {
    if (vatId === undefined) return null;
    return vatId === null ? { vatId, vatCheck: null } : this.tax.checked(vatId, null);
  }

  private async filled(
    draft: DraftOrder,
    input: UpdateDraftOrderDto,
    vat: Pick<DraftOrder, 'vatId' | 'vatCheck'> | null,
  ): Promise<DraftOrder> {
    const { shippingAddress, billingAddress, promotionCodes, lines } = input;
    requireAddresses({ '/shippingAddress': shippingAddress, '/billingAddress': billingAddress });
    await this.choices.require(input);
    const whose = await this.whose(draft, input);
    const { currency } = draft;
    const keep = <T>(given: T | undefined, present: T): T => (given === undefined ? present : given);
    return {
      ...draft,
      ...whose,
      shippingAddress: keep(shippingAddress && toAddress(shippingAddress), draft.shippingAddress),
      billingAddress: keep(billingAddress && toAddress(billingAddress), draft.billingAddress),
      shippingOptionId: keep(input.shippingOptionId, draft.shippingOptionId),
      pickupPointId: keep(input.pickupPointId, draft.pickupPointId),
      ...vat,
      note: keep(input.note, draft.note),
      promotionCodes: promotionCodes
        ? await this.codes.accept(promotionCodes, draft.promotionCodes, whose.customerId)
        : draft.promotionCodes,
      lines: lines ? await this.lines(lines, currency, whose.customerId) : draft.lines,
    };
  }

  private async whose(
    draft: DraftOrder,
    input: UpdateDraftOrderDto,
  ): Promise<Pick<DraftOrder, 'customerId' | 'email'>> {
    const customerId = input.customerId === undefined ? draft.customerId : input.customerId;
    const email = input.email ?? (input.customerId ? '' : draft.email);
    const customer = customerId === null ? null : await this.identity.customer(customerId);
    if (customerId !== null && customer === null)
      throw invalid('/customerId', 'unknown_customer', 'is the id of no customer');
    if (email === '' && customer === null)
      throw invalid('/email', 'missing', 'is needed when there is no customer');
    return { customerId, email: email === '' && customer ? customer.email : email };
  }

  private async lines(lines: readonly DraftLineInput[], currency: string, customerId: string | null) {
    const groups = customerId === null ? [] : await this.identity.groupsOf(customerId);
    const sellable = await this.catalog.sellable(quantitiesOf(lines), currency, groups);
    return draftLines(lines, sellable, currency);
  }

  /** Prices that were set stand in the trail with their amounts; who the buyer is does not. */
  private record(draft: DraftOrder, deed: string, actor: Actor): void {
    const prices = [...pricesOf(draft)].map(([variantId, price]) => ({
      variantId,
      unitPrice: price.toJSON(),
    }));
    this.audit.record({
      actor,
      action: `ordering.draft_order.${deed}`,
      subjectType: 'draft_order',
      subjectId: draft.id,
      details: { lines: draft.lines.length, prices },
    });
  }
}

const invalid = (pointer: string, code: string, message: string) =>
  platformProblems.invalid_input(`${pointer.slice(1)} ${message}.`, { errors: [{ pointer, code, message }] });
