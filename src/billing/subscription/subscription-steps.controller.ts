import { Body, Controller, Delete, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import {
  ConfirmSubscriptionChangeDto,
  PreviewSubscriptionChangeDto,
  SubscriptionChangePreviewDto,
} from './subscription-change.dto.js';
import { SubscriptionChanges } from './subscription-changes.service.js';
import { CancelSubscriptionDto } from './subscription-desk.dto.js';
import { SubscriptionDesk } from './subscription-desk.service.js';
import { heads } from './subscription-heads.js';
import { SubscriptionDetailDto, SubscriptionParams } from './subscription.dto.js';
import { SubscriptionReader } from './subscription.reader.service.js';
import { SubscriptionReturns } from './subscription-returns.service.js';

/** What a customer makes of a subscription. */
@ApiTags('Subscriptions')
@Permissions('account:self')
@Controller('v1/me/subscriptions')
export class SubscriptionStepsController {
  constructor(
    private readonly desk: SubscriptionDesk,
    private readonly changes: SubscriptionChanges,
    private readonly returns: SubscriptionReturns,
    private readonly reader: SubscriptionReader,
  ) {}

  @Post(':id/changes/preview')
  @Operation({
    id: 'previewMySubscriptionChange',
    ...heads.preview,
    description:
      'Writes nothing. What is left of the running period is counted by days, the day of the change as new: a credit of what was ' +
      'paid and a debit of what it is to be. What took the place of another one without being counted gives back of what that was ' +
      'billed, by the days that it was billed for. 422 at `/behaviour`: `none` is not for what costs more from now on. Confirming ' +
      '`quote` bills exactly this.',
  })
  preview(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { planId = null, quantity = null, behaviour = null }: PreviewSubscriptionChangeDto,
  ): Promise<SubscriptionChangePreviewDto> {
    return this.changes.preview(id, { planId, quantity, behaviour }, actor.id);
  }

  @Post(':id/changes')
  @InPerson()
  @Operation({
    id: 'changeMySubscription',
    ...heads.change,
  })
  async change(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { quote }: ConfirmSubscriptionChangeDto,
  ): Promise<SubscriptionDetailDto> {
    await this.changes.confirm(id, quote, { actor, customerId: actor.id, version: null });
    return this.reader.get(id, actor.id);
  }

  @Delete(':id/scheduled-change')
  @InPerson()
  @Operation({
    id: 'dropMyScheduledChange',
    ...heads.dropChange,
  })
  async dropChange(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.dropChange(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/cancellation')
  @InPerson()
  @Operation({
    id: 'cancelMySubscription',
    ...heads.cancel,
    description:
      'With the end of what is paid, which can be taken back until then, or at once, which gives nothing back. What a change has ' +
      'given back before, and no invoice comes any more to take off, is on a credit note then. One that waits for its first ' +
      'payment ends at once and owes nothing.',
  })
  async cancel(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @Body() { when, reason = null }: CancelSubscriptionDto,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.cancel(id, when, reason, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Delete(':id/cancellation')
  @InPerson()
  @Operation({
    id: 'keepMySubscription',
    ...heads.keep,
  })
  async keep(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.keep(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/pause')
  @InPerson()
  @Operation({
    id: 'pauseMySubscription',
    ...heads.pause,
  })
  async pause(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    await this.desk.pause(id, { actor, customerId: actor.id, version });
    return this.reader.get(id, actor.id);
  }

  @Post(':id/resumption')
  @InPerson()
  @Operation({
    id: 'resumeMySubscription',
    ...heads.resume,
  })
  resume(
    @CurrentActor() actor: PersonActor,
    @Param() { id }: SubscriptionParams,
    @IfMatch() version: number | null,
  ): Promise<SubscriptionDetailDto> {
    return this.returns.resume(id, { actor, customerId: actor.id, version });
  }
}
