import { Instant, Integer, OneOf, Text, Uuid } from '../../platform/http/fields.js';
import { PageQuery } from '../../platform/http/page.js';
import type { Notice } from './inbox.repository.js';

/** `received` only when working it has failed. */
const TROUBLES = ['received', 'orphan', 'conflict', 'stuck'] as const;

export class GatewayEventDto {
  @Text({ max: 200, description: 'The id that the gateway gave it.', example: 'evt_4b3f' })
  id: string;

  @Text({ max: 200, example: 'charge.captured' })
  type: string;

  @OneOf(TROUBLES, {
    example: 'stuck',
    description:
      '`received`: it is tried again by itself. `orphan`: nobody here knows what it is about. `conflict`: one id said ' +
      'two things. `stuck`: it failed as often as it may. The last three wait for a person.',
  })
  status: string;

  @Text({ max: 200, description: 'The reference of the charge at the gateway.' })
  gatewayRef: string;

  @Uuid({ nullable: true, description: 'The call of ours that it is about.' })
  operationId: string | null;

  @Integer({ min: 0, max: 2_147_483_647, example: 1, description: 'How often the gateway sent it.' })
  deliveries: number;

  @Integer({ min: 0, max: 2_147_483_647, example: 10, description: 'How often working it failed.' })
  failures: number;

  @Text({ max: 500, nullable: true, description: 'Why it failed last.', example: 'the gateway answered 502' })
  lastError: string | null;

  @Instant({ nullable: true, description: 'When it is tried again.', example: null })
  nextTryAt: string | null;

  @Instant()
  receivedAt: string;

  static from(notice: Notice): GatewayEventDto {
    return {
      id: notice.event_id,
      type: notice.type,
      status: notice.status,
      gatewayRef: notice.object_ref,
      operationId: notice.operation_id,
      deliveries: notice.deliveries,
      failures: notice.failures,
      lastError: notice.last_error,
      nextTryAt: notice.next_try_at?.toISOString() ?? null,
      receivedAt: notice.received_at.toISOString(),
    };
  }
}

export class DismissGatewayEventDto {
  @Text({
    min: 1,
    max: 500,
    description: 'Why nothing has to be done about it.',
    example: 'A charge of another shop',
  })
  reason: string;
}

export class GatewayEventQuery extends PageQuery {
  @OneOf(TROUBLES, { optional: true })
  status?: string;
}
