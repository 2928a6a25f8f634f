import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { AccessTokens, AUDIENCE } from './access-tokens.service.js';
import { KeyRing } from './key-ring.service.js';

export interface AccessClaims {
  sub: string;
  sid: string;
  /** When and how the holder proved who it is: a refresh does not make it younger. */
  provedAt: Date;
  methods: readonly string[];
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/** Members of a header with which a token could choose its own key: refused, whatever they say. */
const FOREIGN_KEYS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

/**
 * passport-jwt, wrapped tightly: only ES256, only `at+jwt`, only our keys by `kid`, only from the Authorization header
 * (RFC 8725, RFC 9068).
 */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(tokens: AccessTokens, ring: KeyRing) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: ['ES256'],
      issuer: tokens.issuer,
      audience: AUDIENCE,
      jsonWebTokenOptions: { clockTolerance: 5 },
      secretOrKeyProvider: (_request, token, done) => {
        keyOf(ring, String(token)).then(
          (key) => (key ? done(null, key) : done(new Error('not our token'))),
          () => done(new Error('not our token')),
        );
      },
    });
  }

  /** What the library lets pass: a token without an end, or one that is not about a session of ours. */
  validate({ sub, sid, exp, auth_time: at, amr }: Record<string, unknown>): AccessClaims | false {
    if (typeof exp !== 'number' || typeof sub !== 'string' || typeof sid !== 'string') return false;
    if (typeof at !== 'number' || !isTexts(amr) || !UUID.test(sid)) return false;
    return { sub, sid, provedAt: new Date(at * 1_000), methods: amr };
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

async function keyOf(ring: KeyRing, token: string): Promise<Buffer | null> {
  const header = decodeProtectedHeader(token);
  if (header.typ !== 'at+jwt' || header.alg !== 'ES256' || typeof header.kid !== 'string') return null;
  if (FOREIGN_KEYS.some((name) => name in header)) return null;
  const key = await ring.publicKey(header.kid);
  return key ? Buffer.from(key.export({ type: 'spki', format: 'pem' })) : null;
}
