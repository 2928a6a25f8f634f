import { Injectable } from '@nestjs/common';

/** Whether this process wants requests: from the moment it listens until it is told to stop. */
@Injectable()
export class Readiness {
  private draining = false;

  get ready(): boolean {
    return !this.draining;
  }

  drain(): void {
    this.draining = true;
  }
}
