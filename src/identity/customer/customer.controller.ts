import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { IfMatch } from '../../platform/http/etag.js';
import { Operation } from '../../platform/http/operation.js';
import { type Page, PageOf } from '../../platform/http/page.js';
import { platformProblems } from '../../platform/http/problem.js';
import { GroupService } from '../group/group.service.js';
import { identityProblems } from '../identity.errors.js';
import { SessionsDto } from '../session/session.dto.js';
import {
  CreateCustomerDto,
  CustomerDetailDto,
  CustomerDto,
  CustomerGroupParams,
  CustomerParams,
  CustomerQuery,
  CustomerSessionParams,
  UpdateCustomerDto,
} from './customer.dto.js';
import { CustomerDetailService } from './customer-detail.service.js';
import { CustomerListService } from './customer-list.service.js';
import { CustomerService } from './customer.service.js';

const { not_found, stale_version, conflict } = platformProblems;

@Controller('v1/admin/customers')
@ApiTags('Customers')
export class CustomerController {
  constructor(
    private readonly lists: CustomerListService,
    private readonly details: CustomerDetailService,
    private readonly customers: CustomerService,
    private readonly groups: GroupService,
  ) {}

  @Get()
  @Permissions('identity:customer:read')
  @Operation({
    id: 'listCustomers',
    summary: 'Finds customers',
    description:
      'Customer accounts, the newest first unless `sort` says otherwise. `q` holds words that a name, the ' +
      'address or its domain begins with, all of them; `email` is an exact address, `group` the code of a ' +
      'customer group. Names and addresses are kept encrypted, so there is no order by them. Guests who ' +
      'never made an account are not here, only in their orders.',
    answers: { 200: PageOf(CustomerDto) },
  })
  list(@Query() query: CustomerQuery): Promise<Page<CustomerDto>> {
    return this.lists.page(query);
  }

  @Post()
  @Permissions('identity:customer:write')
  @Operation({
    id: 'createCustomer',
    location: '/v1/admin/customers/{id}',
    headers: ['ETag'],
    summary: 'Makes an account on behalf of a customer',
    description:
      'The customer gets a letter with a link to set a password, good once and for 72 hours; following it ' +
      'verifies the address too. Nobody sees a password. 409 when the address has an account already, 422 ' +
      'when a group does not exist.',
    answers: { 201: CustomerDetailDto },
    problems: [conflict, identityProblems.unknown_group],
    idempotency: 'accepted',
  })
  async create(@Body() input: CreateCustomerDto, @CurrentActor() actor: Actor): Promise<CustomerDetailDto> {
    return this.details.get(await this.customers.create(input, actor));
  }

  @Get(':id')
  @Permissions('identity:customer:read')
  @Operation({
    id: 'getCustomer',
    headers: ['ETag'],
    summary: 'Shows a customer',
    description:
      'Profile, addresses, groups, marketing consent with its proof, and where the customer is signed in, ' +
      'counted. Orders: `GET /v1/admin/orders` with the address. The `ETag` goes into `If-Match` of a change.',
    answers: { 200: CustomerDetailDto },
    problems: [not_found],
  })
  get(@Param() { id }: CustomerParams): Promise<CustomerDetailDto> {
    return this.details.get(id);
  }

  @Patch(':id')
  @Permissions('identity:customer:write')
  @Fresh()
  @Operation({
    id: 'updateCustomer',
    headers: ['ETag'],
    summary: 'Changes a customer',
    description:
      'What is left out stays; null deletes. `status: disabled` signs the customer out everywhere within ' +
      'a second and refuses every sign-in until it is `active` again; 409 `identity.erasure_started` when the erasure ' +
      'of the customer has begun. The e-mail address is changed by the customer alone.',
    answers: { 200: CustomerDetailDto },
    problems: [not_found, stale_version, identityProblems.erasure_started],
  })
  async update(
    @Param() { id }: CustomerParams,
    @Body() input: UpdateCustomerDto,
    @IfMatch() version: number | null,
    @CurrentActor() actor: Actor,
  ): Promise<CustomerDetailDto> {
    await this.customers.change(id, input, version, actor);
    return this.details.get(id);
  }

  @Post(':id/password-reset')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'sendCustomerPasswordReset',
    summary: 'Mails a customer the link to set a new password',
    description:
      'The link goes to the customer alone and works once, for 30 minutes. The present password stays ' +
      'until it is used. 409 `identity.account_disabled` while the account may not sign in.',
    answers: { 202: null },
    problems: [not_found, identityProblems.account_disabled],
  })
  async resetPassword(@Param() { id }: CustomerParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.customers.sendPasswordReset(id, actor);
  }

  @Get(':id/sessions')
  @Permissions('identity:customer:read')
  @Operation({
    id: 'listCustomerSessions',
    summary: 'Lists where a customer is signed in',
    description:
      'The live sessions with the network and the browser of each place. Where somebody of the staff acts in ' +
      'the place of the customer, `impersonatedBy` says who and why.',
    answers: { 200: SessionsDto },
    problems: [not_found],
  })
  async sessions(@Param() { id }: CustomerParams): Promise<SessionsDto> {
    return { items: await this.details.sessions(id) };
  }

  @Delete(':id/sessions')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'revokeCustomerSessions',
    summary: 'Signs a customer out everywhere',
    description: 'Refresh tokens end at once, access tokens within a second. The customer may sign in again.',
    answers: { 204: null },
    problems: [not_found],
  })
  async revokeAll(@Param() { id }: CustomerParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.customers.endSessions(id, actor);
  }

  @Delete(':id/sessions/:sessionId')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'revokeCustomerSession',
    summary: 'Signs a customer out somewhere',
    description: 'Ends one session within a second. 404 when it is over already or belongs to somebody else.',
    answers: { 204: null },
    problems: [not_found],
  })
  async revoke(
    @Param() { id, sessionId }: CustomerSessionParams,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.customers.endSession(id, sessionId, actor);
  }

  @Put(':id/groups/:code')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'addCustomerToGroup',
    summary: 'Puts a customer into a group',
    description:
      'Counts for whoever is signed in within a second. 204 also when the customer was in it; 404 when ' +
      'there is no such customer or group.',
    answers: { 204: null },
    problems: [not_found],
  })
  async join(@Param() { id, code }: CustomerGroupParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.groups.join(id, code, actor);
  }

  @Delete(':id/groups/:code')
  @Permissions('identity:customer:write')
  @Operation({
    id: 'removeCustomerFromGroup',
    summary: 'Takes a customer out of a group',
    description:
      'Counts for whoever is signed in within a second. 204 also when the customer was not in it; 404 ' +
      'when there is no such customer or group.',
    answers: { 204: null },
    problems: [not_found],
  })
  async leave(@Param() { id, code }: CustomerGroupParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.groups.leave(id, code, actor);
  }
}
