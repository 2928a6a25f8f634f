import { Logger } from '@nestjs/common';
import Stripe from 'stripe';
import type { Config } from '../../platform/config.js';
import type { Errored, Unknown } from './payment-gateway.port.js';
import { NOT_SENT } from './test-gateway.client.js';

/** What this code was written and tested against; Stripe answers in its words whatever the account's default is. */
const API_VERSION = '2026-10-28.endive';

type CardError = InstanceType<typeof Stripe.errors.StripeCardError>;
type InvalidRequest = InstanceType<typeof Stripe.errors.StripeInvalidRequestError>;

/** What came of one call. `refused`: Stripe understood it and will not do it. */
export type Called<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'card'; readonly error: CardError }
  | { readonly kind: 'refused'; readonly error: InvalidRequest }
  | Errored
  | Unknown;

/** Stripe's SDK with our keys, our deadline, and its errors sorted into done, certainly not done, and nobody knows. */
export class StripeClient {
  readonly stripe: Stripe;
  private readonly log = new Logger('billing');
  private readonly deadline: number;

  constructor(apiKey: string, { stripeApiUrl, gatewayTimeoutMs }: Config) {
    this.deadline = gatewayTimeoutMs;
    const url = stripeApiUrl === null ? null : new URL(stripeApiUrl);
    this.stripe = new Stripe(apiKey, {
      apiVersion: API_VERSION,
      maxNetworkRetries: 0,
      timeout: gatewayTimeoutMs,
      telemetry: false,
      ...(url && {
        protocol: url.protocol === 'http:' ? 'http' : 'https',
        host: url.hostname,
        port: url.port || (url.protocol === 'http:' ? 80 : 443),
      }),
    });
  }

  /** A write. The key is always ours: the SDK sends a request again when a connection closes on it, and that must be the same one. */
  async write<T>(
    idempotencyKey: string,
    work: (options: Stripe.RequestOptions) => Promise<T>,
  ): Promise<Called<T>> {
    try {
      return { kind: 'done', value: await this.inTime(work({ idempotencyKey })) };
    } catch (error) {
      return this.sorted(error, idempotencyKey);
    }
  }

  /** A read; null when there is no such thing. Throws when Stripe cannot be asked. */
  async read<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await this.inTime(work());
    } catch (error) {
      if (error instanceof Stripe.errors.StripeError && error.code === 'resource_missing') return null;
      throw error;
    }
  }

  /** The SDK counts the silence between two packets; a person waits for the whole. */
  private async inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Late()), this.deadline);
    });
    // Whoever loses the race may still fail, and nobody listens then.
    work.catch(() => undefined);
    return Promise.race([work, late]).finally(() => clearTimeout(timer));
  }

  private sorted(error: unknown, key: string): Exclude<Called<never>, { kind: 'done' }> {
    const { errors } = Stripe;
    if (error instanceof Late) return { kind: 'unknown', cause: 'timeout' };
    if (!(error instanceof errors.StripeError)) throw error;
    const code = error.code ?? error.type;
    if (error instanceof errors.StripeConnectionError) return connectionFailed(error);
    if (code === 'idempotency_key_in_use') return { kind: 'unknown', cause: 'key_in_flight' };
    if (error instanceof errors.StripeIdempotencyError) {
      this.log.error(
        `operation ${key} was sent with other parameters (${error.requestId ?? 'no request id'})`,
      );
      return { kind: 'unknown', cause: 'key_reused' };
    }
    if (error instanceof errors.StripeCardError) return { kind: 'card', error };
    if (error instanceof errors.StripeRateLimitError || error.statusCode === 429)
      return { kind: 'errored', code: 'rate_limited', retryable: true };
    if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
      this.log.error(`Stripe does not take STRIPE_API_KEY (${error.type}): nothing was done`);
      return { kind: 'errored', code: 'gateway_refuses_key', retryable: true };
    }
    // Money that the account has not got today comes with the next sales.
    if (code === 'balance_insufficient') return { kind: 'errored', code, retryable: true };
    const { statusCode = 500 } = error;
    if (error instanceof errors.StripeInvalidRequestError && statusCode < 500)
      return { kind: 'refused', error };
    return { kind: 'unknown', cause: `http_${statusCode}` };
  }
}

/** No answer within the deadline. */
class Late extends Error {}

/** A second try of the SDK that found nobody says nothing about the first, whose connection closed on it. */
function connectionFailed({ detail, message }: Stripe.errors.StripeConnectionError): Errored | Unknown {
  const code = (detail as { code?: string } | undefined)?.code ?? 'no_answer';
  if (NOT_SENT.has(code) && !message.includes('retried'))
    return { kind: 'errored', code: 'gateway_unreachable', retryable: true };
  return { kind: 'unknown', cause: code };
}
