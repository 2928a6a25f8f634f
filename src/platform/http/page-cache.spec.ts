import { setTimeout as wait } from 'node:timers/promises';
import { fastify } from 'fastify';
import { MovableClock } from '../clock.js';
import type { Config } from '../config.js';
import { Locales } from './locales.js';
import { PageCache } from './page-cache.js';

describe('PageCache', () => {
  it('shows for a second at most what was read of stock before it moved', async () => {
    const config = { pageCache: true } as Config;
    const pages = new PageCache(config, new MovableClock(), new Locales(config));
    const server = fastify();
    pages.install(server);
    let pieces = 5;
    const reads: string[] = [];
    let answerNow = () => {};
    const gate = new Promise<void>((open) => (answerNow = open));
    server.get('/page', async (_request, reply) => {
      const body = JSON.stringify({ pieces });
      reads.push(body);
      if (reads.length === 1) await gate;
      return reply.header('cache-control', 'public, max-age=5, stale-while-revalidate=30').send(body);
    });
    const url = `${await server.listen({ port: 0, host: '127.0.0.1' })}/page`;
    const shown = async () => ((await (await fetch(url)).json()) as { pieces: number }).pieces;

    const first = shown();
    for (let n = 0; reads.length === 0 && n < 200; n++) await wait(5);
    pieces = 4;
    pages.touchStock();
    await wait(5);
    answerNow();
    expect(await first).toBe(5);
    await wait(1_000);
    expect([await shown(), await shown()]).toEqual([4, 4]);
    expect(reads).toHaveLength(2);
    await server.close();
  });
});
