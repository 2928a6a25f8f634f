import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { ask } from './ask.js';

describe('a question to a service of somebody else', () => {
  let server: Server;
  let url: string;
  let sent = 0;
  let ended: Promise<unknown>;

  beforeAll(async () => {
    server = createServer((request, reply) => {
      request.resume();
      if (request.url === '/endless') {
        ended = once(reply, 'close');
        const more = () => {
          sent += 1_000;
          if (!reply.destroyed) reply.write('a'.repeat(1_000), () => setImmediate(more));
        };
        return more();
      }
      if (request.url === '/elsewhere') return void reply.writeHead(302, { location: '/' }).end();
      if (request.url === '/ill') return void reply.writeHead(500).end('{}');
      reply.end('{"said": "é"}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  const asked = (path: string) =>
    ask(url + path, { body: {}, token: null, timeoutMs: 5_000, mostBytes: 10_000 });

  it('is answered, or fails without a word of what was sent', async () => {
    expect(await asked('/')).toEqual({ said: 'é' });
    await expect(asked('/ill')).rejects.toThrow('answered 500');
    await expect(asked('/elsewhere')).rejects.toThrow();
  });

  it('hangs up on an answer without an end', async () => {
    await expect(asked('/endless')).rejects.toThrow('answered too much');
    await ended;
    expect(sent).toBeLessThan(10_000_000);
  });
});
