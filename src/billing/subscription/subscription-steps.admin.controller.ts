import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import {
  ConfirmSubscriptionChangeDto,
  PreviewSubscriptionChangeDto,
  SubscriptionChangePreviewDto,
} from './subscription-change.dto.js';
import { SubscriptionChanges } from './subscription-changes.service.js';
import { CancelSubscriptionDto, ReleaseSubscriptionDto } from './subscription-desk.dto.js';
import { SubscriptionDesk } from './subscription-desk.service.js';
import { heads } from './subscription-heads.js';
import { SubscriptionDetailDto, SubscriptionParams } from './subscription.dto.js';
import { SubscriptionReader } from './subscription.reader.service.js';
import { SubscriptionReturns } from './subscription-returns.service.js';

const { stale_version } = platformProblems;

/** What staff make of a subscription. */
@ApiTags('Subscriptions')
@Permissions('billing:subscription:write')
@Controller('v1/admin/subscriptions')
export class SubscriptionStepsAdminController {
  constructor(
    private readonly desk: SubscriptionDesk,
    private readonly changes: SubscriptionChanges,
    private readonly returns: SubscriptionReturns,
    private readonly reader: SubscriptionReader,
  ) {}

  @Post(':id/changes/preview')
  @Operation({
    id: 'previewSubscriptionChange',
    ...heads.preview,
    description:
      'As the customer would see it, who cannot choose `none` for what costs more from now on: that is a present of the shop. Writes ' +
      'nothing. Confirming `quote` bills exactly this.',
  })
  preview(
    @Param() { id }: SubscriptionParams,
    @Body() { planId = null, quantity = null, behaviour = null }: PreviewSubscriptionChangeDto,
  ): Promise<SubscriptionChangePreviewDto> {
    return this.changes.preview(id, { planId, quantity, behaviour }, null);
  }

  @Post(':id/changes')
  @Operation({
    id: 'changeSubscription',
    ...heads.change,
    problems: [...heads.change.problems, stale_version],
  })
  async change(
    @Param() { id }: SubscriptionParams,
    @Body() { quote }: ConfirmSubscriptionChangeDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.changes.confirm(id, quote, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Delete(':id/scheduled-change')
  @Operation({
    id: 'dropScheduledChange',
    ...heads.dropChange,
  })
  async dropChange(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.dropChange(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/cancellation')
  @Operation({
    id: 'cancelSubscription',
    ...heads.cancel,
    description:
      'With the end of what is paid, or at once; nothing is given back. What was invoiced and is not paid stays owed. What a change ' +
      'has given back before, and no invoice comes any more to take off, is on credit notes of the invoices that it was billed by: ' +
      'they reduce what is open of those, and keep the rest for the buyer, to be refunded with `creditNote: existing`; until then it ' +
      'is in limbo.',
  })
  async cancel(
    @Param() { id }: SubscriptionParams,
    @Body() { when, reason = null }: CancelSubscriptionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.cancel(id, when, reason, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Delete(':id/cancellation')
  @Operation({
    id: 'keepSubscription',
    ...heads.keep,
  })
  async keep(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.keep(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/pause')
  @Operation({
    id: 'pauseSubscription',
    ...heads.pause,
  })
  async pause(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.pause(id, { actor, customerId: null, version });
    return this.reader.get(id);
  }

  @Post(':id/resumption')
  @Operation({
    id: 'resumeSubscription',
    ...heads.resume,
  })
  resume(
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    return this.returns.resume(id, { actor, customerId: null, version });
  }

  @Post(':id/release')
  @Operation({
    id: 'releaseSubscription',
    ...heads.release,
    description:
      'It was parked because too many periods were missed, or a period could not be priced (`parkedReason`). 409 when it was not.',
  })
  release(
    @Param() { id }: SubscriptionParams,
    @Body() { missed }: ReleaseSubscriptionDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<SubscriptionDetailDto> {
    return this.returns.release(id, missed, { actor, customerId: null, version });
  }
}
