import { Injectable } from '@nestjs/common';

/** Wakes the relay of this process after a commit, so that it need not wait for its next poll. */
@Injectable()
export class RelaySignal {
  private listener: (() => void) | null = null;

  ring(): void {
    this.listener?.();
  }

  listen(listener: () => void): void {
    this.listener = listener;
  }
}
