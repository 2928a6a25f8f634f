import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Email, TextList, PersonName } from '../../platform/http/fields.js';
import { Operation } from '../../platform/http/operation.js';
import { Cursors, type Page, PageOf, PageQuery } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import { AccountDto } from './account.dto.js';
import { StaffService } from './staff.service.js';

export class StaffDto extends AccountDto {
  @TextList({ max: 50, maxLength: 60, example: ['support'] })
  roles: string[];
}

class AccountQuery extends PageQuery {
  @Email({ optional: true, description: 'Exact address.' })
  email?: string;
}

class CreateStaffDto {
  @Email({ example: 'grace@example.test' })
  email: string;

  @TextList({ max: 20, maxLength: 60, example: ['support'], description: 'Codes of roles.' })
  roles: string[];

  @PersonName({ max: 100, optional: true, nullable: true, example: 'Grace' })
  firstName?: string | null;

  @PersonName({ max: 100, optional: true, nullable: true, example: 'Hopper' })
  lastName?: string | null;
}

@Controller('v1/admin')
@ApiTags('People')
export class AdminAccountController {
  constructor(
    private readonly staff: StaffService,
    private readonly cursors: Cursors,
  ) {}

  @Get('staff')
  @Permissions('identity:staff:read')
  @Operation({
    id: 'listStaff',
    summary: 'Lists staff with their roles',
    description:
      'Everybody who works here and the codes of their roles; what a role may do stands at `POST ' +
      '/v1/admin/staff`. `email` finds one by the exact address.',
    answers: { 200: PageOf(StaffDto) },
  })
  staffMembers(@Query() query: AccountQuery): Promise<Page<StaffDto>> {
    return this.list(query);
  }

  @Post('staff')
  @Permissions('identity:staff:write')
  @Fresh()
  @Operation({
    id: 'createStaff',
    summary: 'Makes a staff account',
    description:
      'Nobody sees a password: a link to set one is mailed, good once and for 72 hours. 409 when the ' +
      'address has an account already, of a customer too; 403 when a role may do more than you.\n\n' +
      'Roles and their permissions (`x-permissions` of each operation names what it asks for):\n\n' +
      '- `administrator`: everything (`*`)\n' +
      '- `catalog-manager`: `catalog:product:read`, `catalog:product:write`, `catalog:stock:write`, ' +
      '`catalog:import:write`, `catalog:review:read`, `catalog:review:moderate`, `ordering:promotion:read`, ' +
      '`ordering:promotion:write`\n' +
      '- `support`: `catalog:product:read`, `catalog:review:read`, `catalog:review:moderate`, `ordering:order:read`, `ordering:order:write`, ' +
      '`ordering:promotion:read`, `ordering:report:read`, ' +
      '`billing:payment:read`, `billing:payment:write`, `billing:refund:write`, `billing:fraud:read`, `billing:invoice:read`, `billing:invoice:write`, `billing:subscription:read`, `billing:subscription:write`, `billing:coupon:read`, `billing:coupon:write`, `billing:usage:write`, `billing:dunning:read`, `billing:dunning:write`, `identity:customer:read`, ' +
      '`identity:customer:write`, `identity:customer:export`, `identity:factor:reset`, ' +
      '`identity:customer:impersonate`\n' +
      '- `read-only`: `catalog:product:read`, `catalog:review:read`, `ordering:order:read`, ' +
      '`ordering:promotion:read`, `ordering:report:read`, `billing:payment:read`, ' +
      '`billing:ledger:read`, `billing:fraud:read`, `billing:invoice:read`, `billing:subscription:read`, `billing:coupon:read`, `billing:dunning:read`, `identity:customer:read`, `identity:staff:read`, `identity:role:read`, `identity:api-key:read`, `identity:key:read`, `platform:integrity:read`, `platform:jobs:read`, ' +
      '`platform:events:read`\n\n' +
      'Everybody who is signed in may also do what is one’s own: `account:self` and `account:password`.',
    answers: { 201: StaffDto },
    problems: [platformProblems.conflict, identityProblems.unknown_role],
    idempotency: 'accepted',
  })
  create(@Body() input: CreateStaffDto, @CurrentActor() actor: Actor): Promise<StaffDto> {
    return this.staff.create(input, actor);
  }

  private async list({ cursor, limit, email }: AccountQuery): Promise<Page<StaffDto>> {
    const list = `staff:${email ?? ''}`;
    const [after = null] = this.cursors.decode(list, cursor) ?? [];
    const rows = await this.staff.staff(email ?? null, after as string | null, limit + 1);
    const { items, nextCursor } = this.cursors.page(list, rows, limit, ({ id }) => [id]);
    return { items: items.flatMap(({ member }) => member ?? []), nextCursor };
  }
}
