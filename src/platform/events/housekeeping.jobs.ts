import { AuditChain } from '../audit/audit-chain.js';
import { Idempotency } from '../http/idempotency.js';
import { SubjectKeys } from '../personal-data/subject-keys.js';
import { Consumers } from './consumers.js';
import { Deliveries } from './deliveries.js';
import { Every, Subscriber } from './subscribers.js';

/** The platform's own chores. */
@Subscriber()
export class Housekeeping {
  constructor(
    private readonly consumers: Consumers,
    private readonly deliveries: Deliveries,
    private readonly idempotency: Idempotency,
    private readonly auditChain: AuditChain,
    private readonly subjectKeys: SubjectKeys,
  ) {}

  @Every('15s', 'platform.sweep_deliveries', { time: 'real' })
  sweep(): Promise<number> {
    return this.deliveries.sweep();
  }

  @Every('1h', 'platform.enlist_consumers', { time: 'real' })
  async enlist(): Promise<void> {
    await this.consumers.enlist();
    await this.consumers.strikeOff();
  }

  @Every('15s', 'platform.seal_audit', { time: 'real' })
  seal(): Promise<number> {
    return this.auditChain.seal();
  }

  @Every('1h', 'platform.forget_idempotency_keys', { time: 'real' })
  forget(): Promise<number> {
    return this.idempotency.forgetOld();
  }

  @Every('1m', 'platform.rewrap_subject_keys', { time: 'real' })
  rewrap(): Promise<number> {
    return this.subjectKeys.rewrap();
  }
}
