import { Body, Controller, Header, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, InPerson, Public, PublicWithoutToken } from '../../platform/access/access.js';
import { type Actor, personId } from '../../platform/access/actor.js';
import { Operation } from '../../platform/http/operation.js';
import { SignedInDto } from '../account/auth.dto.js';
import { identityProblems } from '../identity.errors.js';
import { RefreshCookie } from '../session/refresh-cookie.js';
import { PasskeyOptionsDto, ProvePasskeyDto } from './passkey.dto.js';
import { PasskeySignIn } from './passkey-sign-in.service.js';

/** Signing in with a passkey. */
@Controller('v1/auth/passkeys/authentication')
@Public()
@ApiTags('Sign-in')
export class PasskeySignInController {
  constructor(private readonly signIns: PasskeySignIn) {}

  @Post('options')
  @InPerson()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'startPasskeySignIn',
    summary: 'Gives what an authenticator needs to sign in',
    description:
      'Names no account: the authenticator knows its own. With an access token it names the passkeys of its holder, and the answer serves for `POST /v1/auth/step-up` instead.',
    answers: { 200: PasskeyOptionsDto },
    problems: [identityProblems.too_many_attempts],
    rateLimited: true,
  })
  async options(
    @CurrentActor() actor: Actor,
    @Req() { ip }: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PasskeyOptionsDto> {
    const announce = (headers: Record<string, string>) => void reply.headers(headers);
    return { publicKey: await this.signIns.options(personId(actor), ip, announce) };
  }

  @Post('verify')
  @PublicWithoutToken()
  @RefreshCookie()
  @Header('cache-control', 'no-store')
  @Operation({
    id: 'signInWithPasskey',
    summary: 'Signs in with a passkey',
    description: 'It counts as two factors.',
    answers: { 200: SignedInDto },
    problems: [identityProblems.invalid_assertion],
  })
  verify(@Body() { credential }: ProvePasskeyDto, @Req() request: FastifyRequest): Promise<SignedInDto> {
    const device = { ip: request.ip, userAgent: request.headers['user-agent'] ?? null };
    return this.signIns.signIn(credential, device);
  }
}
