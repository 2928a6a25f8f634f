import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessCheck } from './access/access.check.js';
import { Denials } from './access/denials.js';
import { ImpersonationTrail } from './access/impersonation-trail.js';
import { Audit } from './audit/audit.js';
import { AuditChain } from './audit/audit-chain.js';
import { AuditController } from './audit/audit.controller.js';
import { AuditReader } from './audit/audit.reader.js';
import { Clock, MovableClock, SystemClock } from './clock.js';
import { Config } from './config.js';
import { ConfigModule } from './config.module.js';
import { Database } from './database/database.js';
import { DatabaseModule } from './database/database.module.js';
import { Consumers } from './events/consumers.js';
import { Deliveries } from './events/deliveries.js';
import { Housekeeping } from './events/housekeeping.jobs.js';
import { JobQueues } from './events/job-queues.js';
import { OperationsController } from './events/operations.controller.js';
import { Outbox } from './events/outbox.js';
import { Relay } from './events/relay.js';
import { RelaySignal } from './events/relay-signal.js';
import { Workers } from './events/workers.js';
import { ObjectStore } from './files/object-store.port.js';
import { objectStoreOf } from './files/object-stores.adapter.js';
import { AnswersAfter } from './http/answers-after.js';
import { Batches } from './http/batches.js';
import { Idempotency } from './http/idempotency.js';
import { PageCache } from './http/page-cache.js';
import { Locales } from './http/locales.js';
import { PageCacheListener } from './http/page-cache.listener.js';
import { Cursors } from './http/page.js';
import { IntegrityController } from './integrity/integrity.controller.js';
import { IntegrityJobs } from './integrity/integrity.jobs.js';
import { IntegrityRegistry } from './integrity/integrity.registry.js';
import { IntegrityRunner } from './integrity/integrity-runner.js';
import { IntegrityRuns } from './integrity/integrity-runs.js';
import { MailAttachments } from './mail/attachments.js';
import { Mail } from './mail/mail.js';
import { MailSubscriber } from './mail/mail.subscribers.js';
import { Mailer } from './mail/mailer.port.js';
import { mailerOf } from './mail/mailers.adapter.js';
import { HealthController } from './observability/health.controller.js';
import { Metrics } from './observability/metrics.js';
import { ProgressStreams } from './http/progress-streams.js';
import { Readiness } from './observability/readiness.js';
import { SubjectKeys } from './personal-data/subject-keys.js';
import { PersonalDataRegistry } from './personal-data/personal-data.registry.js';
import { PlatformPersonalData } from './personal-data/platform-personal-data.js';
import { ClockAdvancements } from './test-clock/clock-advancements.js';
import { ClockMover } from './test-clock/clock-mover.js';
import { TestClock } from './test-clock/test-clock.js';
import { TestClockController } from './test-clock/test-clock.controller.js';
import { TestClockJobs } from './test-clock/test-clock.jobs.js';
import { VatAnswers } from './vat/vat-answers.js';
import { VatCheck } from './vat/vat-check.port.js';
import { VatJobs } from './vat/vat.jobs.js';
import { VatRegister } from './vat/vat-register.js';
import { ViesVatCheck } from './vat/vies.adapter.js';

/** What every module stands on. It knows no module. */
@Module({
  imports: [ConfigModule, DatabaseModule.instance, DiscoveryModule],
  controllers: [
    AuditController,
    HealthController,
    IntegrityController,
    OperationsController,
    TestClockController,
  ],
  providers: [
    {
      provide: Clock,
      inject: [Config],
      useFactory: (config: Config) => (config.production ? new SystemClock() : new MovableClock()),
    },
    AccessCheck,
    Audit,
    Batches,
    ClockAdvancements,
    ClockMover,
    AuditChain,
    AuditReader,
    Consumers,
    Cursors,
    Deliveries,
    Denials,
    ImpersonationTrail,
    Housekeeping,
    AnswersAfter,
    Idempotency,
    IntegrityJobs,
    IntegrityRegistry,
    IntegrityRunner,
    IntegrityRuns,
    JobQueues,
    Mail,
    MailAttachments,
    MailSubscriber,
    { provide: Mailer, inject: [Config], useFactory: mailerOf },
    Metrics,
    { provide: ObjectStore, inject: [Config, Database], useFactory: objectStoreOf },
    Outbox,
    Locales,
    PageCache,
    PageCacheListener,
    PersonalDataRegistry,
    PlatformPersonalData,
    ProgressStreams,
    Readiness,
    Relay,
    RelaySignal,
    SubjectKeys,
    TestClock,
    TestClockJobs,
    VatAnswers,
    {
      provide: VatCheck,
      inject: [Config, Database],
      useFactory: (config: Config, database: Database) => new ViesVatCheck(config, database),
    },
    VatJobs,
    VatRegister,
    Workers,
  ],
  exports: [
    ConfigModule,
    DatabaseModule.instance,
    AccessCheck,
    Audit,
    Batches,
    Clock,
    Cursors,
    Deliveries,
    Denials,
    ImpersonationTrail,
    AnswersAfter,
    Idempotency,
    JobQueues,
    Mail,
    ObjectStore,
    Outbox,
    Locales,
    PageCache,
    PersonalDataRegistry,
    ProgressStreams,
    Relay,
    SubjectKeys,
    VatAnswers,
    VatRegister,
    Workers,
  ],
})
export class PlatformModule {}
