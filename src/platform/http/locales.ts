import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Config } from '../config.js';
import { acceptedLocales, chainOf } from './locale.js';

/**
 * The languages that this shop has texts in. Which they are is said by whoever keeps texts (`source`); each process
 * remembers them, so that a request is answered in its language without a question to the database.
 */
@Injectable()
export class Locales {
  private known: ReadonlySet<string> = new Set();
  private looks = 0;
  private latest = 0;
  private load: () => Promise<string[]> = () => Promise.resolve([]);

  constructor(private readonly config: Config) {}

  /** Who says which languages there are, beside that of the shop. */
  source(load: () => Promise<string[]>): void {
    this.load = load;
  }

  async reload(): Promise<void> {
    const look = ++this.looks;
    const known = new Set(await this.load());
    // Two may be on their way at once: the older one, coming back later, knows less.
    if (look < this.latest) return;
    this.latest = look;
    this.known = known;
  }

  /** From now on there are texts in it. */
  add(locale: string): void {
    this.known = new Set([...this.known, locale]);
  }

  /** From now on there are none. */
  remove(locale: string): void {
    this.known = new Set([...this.known].filter((one) => one !== locale));
  }

  /**
   * The languages to look for texts in, the best first; none when those of the shop are right. `asked` is what the query
   * says, and wins over `Accept-Language`. Tells in the answer which language it has, and that it depends on the header.
   */
  serve(request: FastifyRequest, reply: FastifyReply, asked: string | undefined): string[] {
    const locale = asked === undefined ? this.accepted(request) : this.best(asked);
    if (asked === undefined && this.known.size > 0) varyBy(reply, 'Accept-Language');
    void reply.header('content-language', locale ?? this.config.storeLocale);
    return locale === null ? [] : chainOf(locale).filter((one) => this.known.has(one));
  }

  /** The language that `Accept-Language` gets, null for that of the shop: answers to it are the same. */
  accepted({ headers }: FastifyRequest): string | null {
    const header = headers['accept-language'];
    if (header === undefined || header === '*' || this.known.size === 0) return null;
    for (const tag of acceptedLocales(header)) {
      const locale = tag === '*' ? null : this.best(tag);
      if (locale !== null) return locale;
      if (tag === '*' || this.isOwn(tag)) return null;
    }
    return null;
  }

  /** The nearest language that there are texts in; null when none is nearer than that of the shop. */
  private best(tag: string): string | null {
    const chain = chainOf(tag);
    const own = chain.indexOf(this.config.storeLocale);
    return (own === -1 ? chain : chain.slice(0, own)).find((one) => this.known.has(one)) ?? null;
  }

  /** `en-GB` and `en` are good enough for whoever wants the other. */
  private isOwn(tag: string): boolean {
    return chainOf(tag).includes(this.config.storeLocale) || chainOf(this.config.storeLocale).includes(tag);
  }
}

/** Says that the answer depends on a header of the request too. */
export function varyBy(reply: FastifyReply, header: string): void {
  const vary = reply.getHeader('vary') as string | undefined;
  void reply.header('vary', vary === undefined ? header : `${vary}, ${header}`);
}
