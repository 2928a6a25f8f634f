import type { FastifyRequest } from 'fastify';

/**
 * A cookie that scripts cannot read and that only this very host can set, over TLS, for all its paths (`__Host-`): no
 * neighbour below the same domain can plant one. Browsers take `Secure` for kept on localhost too.
 */
export class HostCookie {
  private readonly name: string;
  private readonly attributes: string;

  /** `Strict`: not sent with anything that another site starts; `Lax`: sent when another site leads the browser here. */
  constructor(name: string, sameSite: 'Strict' | 'Lax') {
    this.name = `__Host-${name}`;
    this.attributes = `Path=/; Secure; HttpOnly; SameSite=${sameSite}`;
  }

  /** The value of `Set-Cookie` that keeps it for so many seconds. */
  keep(value: string, seconds: number): string {
    return `${this.name}=${value}; ${this.attributes}; Max-Age=${seconds}`;
  }

  /** The value of `Set-Cookie` that takes it away. */
  get gone(): string {
    return this.keep('', 0);
  }

  /** What the browser sent, or null. */
  of({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
    const cookies = (headers.cookie ?? '').split(';').map((part) => part.trim());
    return cookies.find((cookie) => cookie.startsWith(`${this.name}=`))?.slice(this.name.length + 1) || null;
  }
}
