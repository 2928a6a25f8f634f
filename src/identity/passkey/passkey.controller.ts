import { Body, Controller, Delete, Get, Header, Param, ParseUUIDPipe, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, InPerson, Permissions } from '../../platform/access/access.js';
import type { PersonActor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { platformProblems } from '../../platform/http/problem.js';
import { identityProblems } from '../identity.errors.js';
import {
  AddPasskeyDto,
  PasskeyAddedDto,
  PasskeyDto,
  PasskeyOptionsDto,
  PasskeysDto,
  RenamePasskeyDto,
} from './passkey.dto.js';
import { PasskeyService } from './passkey.service.js';

const { busy, invalid_assertion, too_many_passkeys } = identityProblems;

/** My passkeys. */
@Controller('v1/me/passkeys')
@Permissions('account:self')
@InPerson()
@ApiTags('Account')
export class PasskeyController {
  constructor(private readonly passkeys: PasskeyService) {}

  @Get()
  @Operation({
    id: 'listMyPasskeys',
    summary: 'Lists my passkeys',
    description: 'With their names and when each was used last; at most ten.',
    answers: { 200: PasskeysDto },
  })
  async list(@CurrentActor() actor: PersonActor): Promise<PasskeysDto> {
    return { items: await this.passkeys.list(actor) };
  }

  @Post('registration/options')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'startPasskey',
    summary: 'Gives what an authenticator needs to make a passkey',
    description:
      'For `navigator.credentials.create`. The challenge is good for five minutes and one attempt.',
    answers: { 200: PasskeyOptionsDto },
    problems: [too_many_passkeys],
  })
  async options(@CurrentActor() actor: PersonActor): Promise<PasskeyOptionsDto> {
    return { publicKey: await this.passkeys.options(actor) };
  }

  @Post('registration/verify')
  @Fresh()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'addPasskey',
    summary: 'Adds the passkey that the authenticator made',
    description: 'From now on the password alone does not open the account.',
    answers: { 201: PasskeyAddedDto },
    problems: [invalid_assertion, too_many_passkeys, busy],
  })
  add(
    @Body() { credential, name }: AddPasskeyDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<PasskeyAddedDto> {
    return this.passkeys.add(actor, credential, name);
  }

  @Patch(':id')
  @Fresh()
  @Operation({
    id: 'renamePasskey',
    summary: 'Names one of my passkeys',
    description: 'So that its owner knows which device it is on.',
    answers: { 200: PasskeyDto },
  })
  rename(
    @Param('id', ParseUUIDPipe) id: string,
    @Body() { name }: RenamePasskeyDto,
    @CurrentActor() actor: PersonActor,
  ): Promise<PasskeyDto> {
    return this.passkeys.rename(actor, id, name);
  }

  @Delete(':id')
  @Fresh()
  @Operation({
    id: 'removePasskey',
    summary: 'Removes one of my passkeys',
    description:
      'It opens nothing from then on. With the last factor the recovery codes go too. A letter tells of it.',
    answers: { 204: null },
    problems: [platformProblems.not_found],
  })
  async remove(@Param('id', ParseUUIDPipe) id: string, @CurrentActor() actor: PersonActor): Promise<void> {
    await this.passkeys.remove(actor, id);
  }
}
