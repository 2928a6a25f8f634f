import type { FastifyInstance } from 'fastify';

/** Listens on a free port of this machine, tells the parent where, and ends on SIGTERM. */
export async function announce(app: FastifyInstance): Promise<void> {
  process.once('SIGTERM', () => process.exit(0));
  // Whoever started this process and was killed cannot stop it any more.
  process.stdin.resume().once('close', () => process.exit(0));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  process.stdout.write(`${JSON.stringify({ url })}\n`);
}
