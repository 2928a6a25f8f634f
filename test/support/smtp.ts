import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A mail server that keeps what it takes and can be told to take nothing. */
export class SmtpServer {
  /** Raw letters, the oldest first. */
  readonly taken: string[] = [];
  /** To whom it was told to bring them. */
  readonly recipients: string[] = [];
  /** How many recipients it will still refuse, with the address in its words as real servers do. */
  refusals = 0;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.talk(socket));

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((done) => this.server.close(done));
  }

  private talk(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let buffer = '';
    let inLetter = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 shop.test');
    socket.on('data', (chunk) => {
      buffer += chunk.toString('utf8');
      for (;;) {
        const end = inLetter ? '\r\n.\r\n' : '\r\n';
        const at = buffer.indexOf(end);
        if (at < 0) return;
        const part = buffer.slice(0, at);
        buffer = buffer.slice(at + end.length);
        if (inLetter) {
          this.taken.push(part);
          inLetter = false;
          say('250 taken');
        } else inLetter = this.answer(part, say);
      }
    });
  }

  /** True when a letter follows. */
  private answer(line: string, say: (line: string) => void): boolean {
    const [verb = ''] = line.toUpperCase().split(/[ :]/, 1);
    if (verb === 'RCPT') this.recipients.push(/<(.*)>/.exec(line)?.[1] ?? '');
    if (verb === 'RCPT' && this.refusals > 0) {
      this.refusals--;
      say(`451 4.3.0 ${line.slice(8)} try later`);
    } else if (verb === 'DATA') {
      say('354 go on');
      return true;
    } else say(verb === 'QUIT' ? '221 bye' : '250 fine');
    return false;
  }
}
