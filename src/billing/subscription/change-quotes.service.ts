import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config.js';
import { platformProblems } from '../../platform/http/problem.js';
import { ChangeQuoteRepository } from './change-quote.repository.js';
import type { ChangeWish } from './subscription.js';

/** What was shown, so that exactly that is billed: the moment that it is counted for, and what it came to. */
export interface Quote {
  readonly subscriptionId: string;
  readonly version: number;
  readonly wish: ChangeWish;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly expiresAt: number;
  readonly digest: string;
}

/** Quotes that nobody but this shop can have made. */
@Injectable()
export class ChangeQuotes {
  private readonly key: Buffer;

  constructor(
    config: Config,
    private readonly used: ChangeQuoteRepository,
  ) {
    this.key = config.key('subscription-quotes');
  }

  sign(quote: Quote): string {
    const body = Buffer.from(JSON.stringify(quote)).toString('base64url');
    return `${body}.${this.mac(body)}`;
  }

  /** 400 when it was not made here. */
  read(token: string): Quote {
    const [body = '', mac = ''] = token.split('.');
    const [expected, given] = [Buffer.from(this.mac(body)), Buffer.from(mac)];
    if (expected.length !== given.length || !timingSafeEqual(expected, given))
      throw platformProblems.invalid_input('The quote was not made by this shop.', {
        errors: [{ pointer: '/quote', code: 'forged', message: 'must be the quote of a preview' }],
      });
    return JSON.parse(Buffer.from(body, 'base64url').toString()) as Quote;
  }

  /** In the caller's transaction, under the lock of the subscription: whether its change was made before. */
  isUsed(token: string): Promise<boolean> {
    return this.used.isUsed(nameOf(token));
  }

  /** In the transaction of its change. */
  use(token: string, { subscriptionId }: Quote, at: Date): Promise<void> {
    return this.used.use(nameOf(token), subscriptionId, at);
  }

  private mac(body: string): string {
    return createHmac('sha256', this.key).update(body).digest('base64url');
  }
}

const nameOf = (token: string): Buffer => hash('sha256', token, 'buffer');

/** What a change comes to, in a few letters. */
export const digestOf = (terms: object): string => hash('sha256', JSON.stringify(terms), 'base64url');
