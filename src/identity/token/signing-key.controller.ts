import { Body, Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentActor, Fresh, Permissions } from '../../platform/access/access.js';
import type { Actor } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { identityProblems } from '../identity.errors.js';
import { KeyRotation } from './key-rotation.service.js';
import { RotationDto, SigningKeysDto } from './signing-key.dto.js';

/** The keys that access tokens are signed with. */
@Controller('v1/admin/signing-keys')
@ApiTags('Keys')
export class SigningKeyController {
  constructor(private readonly rotation: KeyRotation) {}

  @Get()
  @Permissions('identity:key:read')
  @Operation({
    id: 'listSigningKeys',
    summary: 'Lists the keys that access tokens are signed with',
    description: 'Those that are gone come last, the newest of them first.',
    answers: { 200: SigningKeysDto },
  })
  list(): Promise<SigningKeysDto> {
    return this.rotation.list();
  }

  @Post('rotation')
  @Permissions('identity:key:write')
  @Fresh()
  @Operation({
    id: 'rotateSigningKeys',
    summary: 'Signs with the next key from now on',
    description:
      'It happens by itself every thirty days; `npm run rotate-keys` does it without a sign-in. Other processes follow within five seconds. Refused while the next key has been published for less than ten minutes.',
    answers: { 200: SigningKeysDto },
    problems: [identityProblems.rotated_recently],
  })
  rotate(@Body() { compromised }: RotationDto, @CurrentActor() actor: Actor): Promise<SigningKeysDto> {
    return compromised ? this.rotation.replaceAll(actor) : this.rotation.rotate(actor);
  }
}
