import { randomUUID } from 'node:crypto';

/** What keeps the steps from going on. */
export class Refusal extends Error {}

export function demand(truth: boolean, otherwise: string): void {
  if (!truth) throw new Refusal(otherwise);
}

/** A program that talks to a store step by step, and shows each step in a line with its status and time. */
export class Steps {
  /** Sent with every request. */
  headers: Record<string, string> = {};
  /** Of the last answer; 0 when the step has not asked. */
  status = 0;
  /** What is left to do when a step fails. */
  beforeEnd: () => Promise<void> = async () => {};
  private readonly begin = performance.now();

  constructor(private readonly url: string) {}

  get seconds(): string {
    return ((performance.now() - this.begin) / 1000).toFixed(1);
  }

  /** The work returns what is worth saying. After a step that fails the rest would only fail too: the program ends. */
  async step(name: string, work: () => Promise<string>): Promise<void> {
    this.status = 0;
    const begin = performance.now();
    let failed = false;
    const remark = await work().catch((error: Error) => {
      failed = true;
      return error instanceof Refusal ? error.message : this.reason(error);
    });
    const status = String(this.status || '–').padStart(4);
    const time = `${(performance.now() - begin).toFixed(0)} ms`.padStart(8);
    console.log(`${failed ? '✗' : '✓'} ${name.padEnd(17)} ${status} ${time}  ${remark}`);
    if (!failed) return;
    await this.beforeEnd();
    process.exit(1);
  }

  // A step looks into the few fields that it needs; the shapes are tested elsewhere.
  async call(
    method: string,
    route: string,
    expected: number[],
    body?: object,
  ): Promise<ReturnType<typeof JSON.parse>> {
    const response = await fetch(`${this.url}${route}`, {
      method,
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...this.headers,
        ...(body && { 'content-type': 'application/json' }),
        ...(method === 'POST' && !route.startsWith('/v1/auth') && { 'idempotency-key': randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') && text !== '';
    this.status = response.status;
    const answer: ReturnType<typeof JSON.parse> = json ? JSON.parse(text) : null;
    if (expected.includes(response.status)) return answer;
    const detail = answer?.detail ?? text.slice(0, 200);
    throw new Refusal(`${method} ${route.split('?', 1)[0]} answered ${response.status}: ${detail}`);
  }

  private reason(error: Error): string {
    const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
    if (error.message !== 'fetch failed') return error.message;
    return `${this.url} does not answer${code ? ` (${code})` : ''}. Start the store with \`npm start\`, or say where it is with --url.`;
  }
}
