import { closeSync, fdatasync, ftruncateSync, openSync, readFileSync, write } from 'node:fs';
import { promisify } from 'node:util';

const writeFd = promisify(write) as (fd: number, text: string) => Promise<unknown>;
const syncFd = promisify(fdatasync);

export type ChargeStatus =
  'requires_action' | 'processing' | 'authorized' | 'captured' | 'declined' | 'voided';
export type OperationKind = 'authorize' | 'capture' | 'void' | 'refund';

export interface ChargeOperation {
  readonly ref: string;
  readonly operationId: string;
  readonly kind: OperationKind;
  readonly status: 'succeeded' | 'failed' | 'pending';
  readonly amount: number;
  readonly code: string | null;
  readonly hard: boolean;
  /** When a pending operation decides itself (epoch milliseconds), and how. */
  readonly later: { readonly at: number; readonly succeeds: boolean } | null;
}

/** Money that a bank takes back for its customer, with the hour at which it decides by itself. */
export interface Dispute {
  readonly ref: string;
  readonly amount: number;
  readonly fee: number;
  readonly status: 'open' | 'won' | 'lost';
  readonly reason: string;
  readonly evidenceDueAt: string;
  readonly decides: { readonly at: number; readonly won: boolean } | null;
}

/** A card as far as anybody may know it. Its token says how it behaves; `customerRef` is null once it is forgotten. */
export interface Method {
  readonly ref: string;
  readonly account: string;
  readonly customerRef: string | null;
  readonly token: string;
  readonly brand: string;
  readonly last4: string;
  readonly expiryMonth: number;
  readonly expiryYear: number;
  readonly fingerprint: string;
}

export interface Customer {
  readonly ref: string;
  readonly account: string;
  readonly customerId: string;
}

/** A method on its way to being kept. */
export interface Setup {
  readonly ref: string;
  readonly account: string;
  readonly operationId: string;
  readonly customerRef: string;
  readonly token: string;
  readonly status: 'requires_action' | 'succeeded' | 'declined';
  readonly code: string | null;
  readonly methodRef: string | null;
  readonly challengeUrl: string | null;
  readonly returnUrl: string | null;
}

/** One charge as it stands after a change. Never edited: every change is a new object and a new line. */
export interface Charge {
  readonly ref: string;
  readonly account: string;
  readonly token: string;
  readonly amount: number;
  readonly currency: string;
  readonly capture: 'automatic' | 'manual';
  readonly status: ChargeStatus;
  readonly captured: number;
  readonly refunded: number;
  readonly declineCode: string | null;
  readonly hard: boolean;
  readonly challengeUrl: string | null;
  readonly returnUrl: string | null;
  /** The method that is kept, or was used; null on charges older than methods. */
  readonly method: Omit<Method, 'account' | 'token'> | null;
  /** Who keeps the method when the charge succeeds. */
  readonly saveFor: string | null;
  readonly risk: number | null;
  /** When a hold runs out by itself (epoch milliseconds of the account's clock). */
  readonly holdEndsAt: number | null;
  readonly disputeAt: number | null;
  readonly disputes: readonly Dispute[];
  readonly version: number;
  readonly createdAt: string;
  readonly operations: readonly ChargeOperation[];
}

export interface GatewayEvent {
  readonly id: string;
  readonly sequence: number;
  readonly account: string;
  readonly type: string;
  readonly createdAt: string;
  readonly data: {
    readonly ref: string;
    readonly operationId: string;
    readonly version: number;
    readonly status: string;
    readonly amount: number;
    readonly currency: string;
  };
}

/** What was answered to an idempotency key, kept with the change it caused so that one line holds both. */
export interface KeptAnswer {
  readonly key: string;
  readonly fingerprint: string;
  readonly status: number;
  /** When it was given, by the account's clock. */
  readonly at: number;
}

export interface Endpoint {
  readonly account: string;
  readonly url: string;
  readonly secret: string;
}

export interface Line {
  readonly seq: number;
  readonly at: string;
  readonly what: string;
  /** Money that moved with this line: + into the account, - out of it, 0 when nothing moved. */
  readonly moved: number;
  readonly operationId: string | null;
  readonly charge: Charge | null;
  readonly answer: KeptAnswer | null;
  readonly event: GatewayEvent | null;
  readonly endpoint: Endpoint | null;
  readonly customer: Customer | null;
  readonly method: Method | null;
  readonly setup: Setup | null;
  /** By how much the clock of an account goes before the real one. */
  readonly clock: { readonly account: string; readonly offset: number } | null;
}

/**
 * The gateway's memory: one JSON line for each change, on disk before anybody hears of it. Lines that arrive while
 * the disk is busy share the next sync, so that safety does not cost one sync for each charge.
 */
export class Journal {
  private readonly fd: number;
  private waiting: { text: string; done: () => void; failed: (error: unknown) => void }[] = [];
  private draining: Promise<void> | null = null;

  constructor(file: string) {
    this.fd = openSync(file, 'a+');
  }

  /** What an earlier process left. A last line without its line feed was torn by a crash and was never answered. */
  static read(file: string): Line[] {
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return [];
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) {
      const fd = openSync(file, 'r+');
      ftruncateSync(fd, Buffer.byteLength(whole));
      closeSync(fd);
    }
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line);
  }

  /** Resolves when the line is on disk. */
  append(line: Line): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ text: `${JSON.stringify(line)}\n`, done, failed });
      this.draining ??= this.drain();
    });
  }

  /** Resolves when everything appended so far is on disk: reads wait for it, so they never show what a crash undoes. */
  async flushed(): Promise<void> {
    await this.draining;
  }

  private async drain(): Promise<void> {
    await Promise.resolve();
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await writeFd(this.fd, batch.map((line) => line.text).join(''));
        await syncFd(this.fd);
        for (const line of batch) line.done();
      } catch (error) {
        for (const line of batch) line.failed(error);
      }
    }
    this.draining = null;
  }
}
