import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/** Whether this process wants requests: from the moment it listens until it is told to stop. */
@Injectable()
export class Readiness {
  /** Names of the migrations that this version needs; the start says which. */
  needs: readonly string[] = [];
  private draining = false;

  get ready(): boolean {
    return !this.draining;
  }

  drain(): void {
    this.draining = true;
  }

  /** While draining every answer closes its connection, so that keep-alive clients go elsewhere. */
  install(server: FastifyInstance): void {
    server.addHook('onSend', (_request, reply, payload, done) => {
      if (this.draining) void reply.header('connection', 'close');
      done(null, payload);
    });
  }
}
