import { Every, Subscriber } from '../../platform/events/subscribers.js';
import { LedgerChain } from './ledger-chain.service.js';

/** Seals what was booked, behind the commits. */
@Subscriber()
export class LedgerJobs {
  constructor(private readonly chain: LedgerChain) {}

  @Every('15s', 'billing.seal_ledger')
  seal(): Promise<number> {
    return this.chain.seal();
  }

  @Every('1h', 'billing.ledger_checkpoint')
  checkpoint(): Promise<void> {
    return this.chain.checkpoint();
  }
}
