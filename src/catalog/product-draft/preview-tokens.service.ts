import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { realNow } from '../../platform/clock.js';
import { Config } from '../../platform/config.js';

const LIFETIME_MS = 3_600_000;

/** Signed tickets to see the draft of one product in the shop, for whoever holds them, for an hour. Nothing is kept of them. */
@Injectable()
export class PreviewTokens {
  private readonly key: Buffer;

  constructor(config: Config) {
    this.key = config.key('product-preview');
  }

  make(productId: string): string {
    const body = `${productId}.${realNow().getTime() + LIFETIME_MS}`;
    return `${body}.${this.sign(body)}`;
  }

  /** The product that the token shows; null for one that is not ours, or over. */
  productOf(token: string): string | null {
    const [, body, productId, until, signature] =
      /^(([\da-f-]{36})\.(\d{13}))\.([\w-]{43})$/.exec(token) ?? [];
    if (body === undefined || productId === undefined || signature === undefined) return null;
    const genuine = timingSafeEqual(Buffer.from(signature), Buffer.from(this.sign(body)));
    return genuine && Number(until) > realNow().getTime() ? productId : null;
  }

  private sign(body: string): string {
    return createHmac('sha256', this.key).update(body).digest('base64url');
  }
}
