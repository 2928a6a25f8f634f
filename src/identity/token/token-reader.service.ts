import { Injectable } from '@nestjs/common';
import passport from 'passport';
import { type AccessClaims, JwtStrategy } from './jwt.strategy.js';

/** Reads access tokens, through the passport strategy. Whether their session or key still stands is not its business. */
@Injectable()
export class TokenReader {
  constructor(private readonly strategy: JwtStrategy) {}

  /** What a whole `Authorization` header says; null for whatever is not ours or is over. */
  read(authorization: string): Promise<AccessClaims | null> {
    return new Promise((resolve) => {
      const done = (_error: unknown, claims?: AccessClaims | false) => resolve(claims || null);
      // Passport writes its callbacks on the strategy that it is given: each request needs one of its own. And ours, not
      // the one that passport knows by name: that is the last one made, and a process may hold two applications.
      const strategy = Object.create(this.strategy) as JwtStrategy;
      const middleware = passport.authenticate(strategy as unknown as string, { session: false }, done) as (
        request: object,
        response: object,
        next: () => void,
      ) => void;
      // The strategy reads one header; what Fastify has more than that is not its business.
      middleware({ headers: { authorization } }, {}, () => resolve(null));
    });
  }
}
