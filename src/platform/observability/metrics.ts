import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { Database } from '../database/database.js';
import { JobQueues } from '../events/job-queues.js';
import { SubjectKeys } from '../personal-data/subject-keys.js';

/** Bounds of OpenTelemetry's semantic conventions, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** What Prometheus reads. Labels are route templates and codes, never ids. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly requests: Histogram;
  private readonly active: Gauge;
  private readonly replays: Counter;
  /** One bound series per route, method and status: looking labels up costs more than counting. */
  private readonly series = new Map<string, { observe(seconds: number): void }>();

  constructor(
    private readonly database: Database,
    private readonly queues: JobQueues,
    private readonly subjectKeys: SubjectKeys,
  ) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.requests = new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Time from the first byte of a request to the last of its answer.',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets: BUCKETS,
      registers,
    });
    this.active = new Gauge({ name: 'http_server_active_requests', help: 'Requests in work.', registers });
    this.replays = new Counter({
      name: 'idempotency_replays_total',
      help: 'Answers replayed for a repeated key.',
      registers,
    });
    this.gaugesOfTheDatabase(registers);
  }

  started(): void {
    this.active.inc();
  }

  finished(method: string, route: string, status: number, seconds: number, replayed: boolean): void {
    this.active.dec();
    const key = `${method} ${route} ${status}`;
    let series = this.series.get(key);
    if (!series) {
      series = this.requests.labels(method, route, String(status));
      this.series.set(key, series);
    }
    series.observe(seconds);
    if (replayed) this.replays.inc();
  }

  private gaugesOfTheDatabase(registers: Registry[]): void {
    const { database, queues, subjectKeys } = this;
    new Gauge({
      name: 'outbox_pending',
      help: 'Facts that the relay has not moved yet.',
      registers,
      async collect() {
        const [row] = await database.query<{ count: string }>(
          'SELECT count(*) FROM platform.events WHERE position IS NULL',
        );
        this.set(Number(row?.count ?? 0));
      },
    });
    new Gauge({
      name: 'outbox_lag_seconds',
      help: 'Age of the oldest fact that the relay has not moved yet.',
      registers,
      async collect() {
        const [row] = await database.query<{ lag: number | null }>(
          'SELECT extract(epoch FROM now() - min(recorded_at))::float8 AS lag FROM platform.events WHERE position IS NULL',
        );
        this.set(row?.lag ?? 0);
      },
    });
    new Gauge({
      name: 'deliveries',
      help: 'Deliveries of facts that are not done, by state.',
      labelNames: ['state'],
      registers,
      async collect() {
        const rows = await database.query<{ state: string; count: string }>(
          `SELECT state, count(*) FROM platform.deliveries WHERE state = 'pending' GROUP BY state
           UNION ALL SELECT state, count(*) FROM platform.deliveries WHERE state = 'dead' GROUP BY state`,
        );
        this.set({ state: 'pending' }, 0);
        this.set({ state: 'dead' }, 0);
        for (const { state, count } of rows) this.set({ state }, Number(count));
      },
    });
    new Gauge({
      name: 'subject_keys_to_rewrap',
      help: 'Keys of personal data that the present SECRET_KEY does not protect yet.',
      registers,
      async collect() {
        this.set(await subjectKeys.elsewhere());
      },
    });
    new Gauge({
      name: 'integrity_findings',
      help: 'What the last integrity run found and is still there, by check.',
      labelNames: ['check'],
      registers,
      async collect() {
        const rows = await database.query<{ check: string; count: string }>(
          `SELECT check_code AS "check", count(*) FROM platform.integrity_findings WHERE resolved_at IS NULL
           GROUP BY check_code`,
        );
        this.reset();
        for (const { check, count } of rows) this.set({ check }, Number(count));
      },
    });
    new Gauge({
      name: 'queue_jobs',
      help: 'Jobs in the queues.',
      labelNames: ['queue', 'state'],
      registers,
      async collect() {
        for (const queue of queues.all()) {
          const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'failed');
          for (const [state, count] of Object.entries(counts)) this.set({ queue: queue.name, state }, count);
        }
      },
    });
  }
}
