import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeProtectedHeader } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { AccessTokens, AUDIENCE } from './access-tokens.service.js';
import { KeyRing } from './key-ring.service.js';

export type AccessClaims = PersonClaims | MachineClaims;

export interface PersonClaims {
  kind: 'person';
  sub: string;
  sid: string;
  /** When and how the holder proved who it is: a refresh does not make it younger. */
  provedAt: Date;
  methods: readonly string[];
}

export interface MachineClaims {
  kind: 'machine';
  keyId: string;
  jti: string;
  scopes: readonly string[];
  issuedAt: Date;
  expiresAt: Date;
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
          // It takes keys as they are, which its types do not know; of a text it would make one for every request.
          (key) => (key ? done(null, key as unknown as Buffer) : done(new Error('not our token'))),
          () => done(new Error('not our token')),
        );
      },
    });
  }

  /** What the library lets pass: a token without an end, or one that is about neither a session nor a key of ours. */
  validate(claims: Record<string, unknown>): AccessClaims | false {
    if (typeof claims.exp !== 'number' || typeof claims.sub !== 'string') return false;
    return ('sid' in claims ? personOf(claims) : machineOf(claims)) ?? false;
  }
}

function personOf({ sub, sid, auth_time: at, amr }: Record<string, unknown>): PersonClaims | null {
  if (!isId(sub) || !isId(sid) || typeof at !== 'number' || !isTexts(amr)) return null;
  return { kind: 'person', sub, sid, provedAt: new Date(at * 1_000), methods: amr };
}

function machineOf({ sub, client_id, jti, scope, iat, exp }: Record<string, unknown>): MachineClaims | null {
  if (!isId(sub) || sub !== client_id || !isId(jti) || typeof scope !== 'string') return null;
  const times = { issuedAt: new Date(Number(iat) * 1_000), expiresAt: new Date(Number(exp) * 1_000) };
  return { kind: 'machine', keyId: sub, jti, scopes: scope.split(' '), ...times };
}

const isId = (value: unknown): value is string => typeof value === 'string' && UUID.test(value);

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

async function keyOf(ring: KeyRing, token: string): Promise<KeyObject | null> {
  const header = decodeProtectedHeader(token);
  if (header.typ !== 'at+jwt' || header.alg !== 'ES256' || typeof header.kid !== 'string') return null;
  if (FOREIGN_KEYS.some((name) => name in header)) return null;
  return ring.publicKey(header.kid);
}
