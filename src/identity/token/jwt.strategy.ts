import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { AccessTokens, AUDIENCE } from './access-tokens.service.js';

export interface AccessClaims {
  sub: string;
  sid: string;
}

/** Members of a header with which a token could choose its own key: refused, whatever they say. */
const FOREIGN_KEYS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

/**
 * passport-jwt, wrapped tightly: only ES256, only `at+jwt`, only our keys by `kid`, only from the Authorization header
 * (RFC 8725, RFC 9068).
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(tokens: AccessTokens) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: ['ES256'],
      issuer: tokens.issuer,
      audience: AUDIENCE,
      jsonWebTokenOptions: { clockTolerance: 5 },
      secretOrKeyProvider: (_request, token, done) => {
        keyOf(tokens, String(token)).then(
          (key) => (key ? done(null, key) : done(new Error('not our token'))),
          () => done(new Error('not our token')),
        );
      },
    });
  }

  validate(claims: Partial<AccessClaims>): AccessClaims | false {
    return typeof claims.sub === 'string' && typeof claims.sid === 'string'
      ? { sub: claims.sub, sid: claims.sid }
      : false;
  }
}

async function keyOf(tokens: AccessTokens, token: string): Promise<Buffer | null> {
  const header = decodeProtectedHeader(token);
  if (header.typ !== 'at+jwt' || header.alg !== 'ES256' || typeof header.kid !== 'string') return null;
  if (FOREIGN_KEYS.some((name) => name in header)) return null;
  const key = await tokens.publicKey(header.kid);
  return key ? Buffer.from(key.export({ type: 'spki', format: 'pem' })) : null;
}
