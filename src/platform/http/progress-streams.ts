import { PassThrough, type Readable } from 'node:stream';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Readiness } from '../observability/readiness.js';
import { platformProblems } from './problem.js';

/** What a stream tells of. */
export interface Progress {
  id: string;
  state: string;
}

/** Reads the present state of all of these at once. */
export type LookUp = (ids: string[]) => Promise<Progress[]>;

interface Listener {
  stream: PassThrough;
  told: string;
  ticks: number;
}

interface Subject {
  look: LookUp;
  listeners: Map<string, Set<Listener>>;
}

/** Open at a time in one process; each holds a connection. */
const MOST = 200;
const TICK_MS = 1_000;
/** Proxies hang up where nothing is said. */
const HEARTBEAT_TICKS = 15;
/** Then the client asks again, and is asked again who it is. */
const MOST_TICKS = 600;
/** A client that does not read is left alone. */
const MOST_UNREAD = 64 * 1024;
const UNDER_WAY = new Set(['pending', 'running']);

/** The id of the last event: who comes back with it has heard all. */
export const LAST_EVENT = 'end';

/**
 * Server-sent events (WHATWG HTML 9.2) about work that goes on in any process: the state is read from the database once a
 * second for all who listen here, however many they are. A stream ends with its work, with this process, and after ten
 * minutes.
 */
@Injectable()
export class ProgressStreams implements OnModuleDestroy {
  private readonly log = new Logger('progress');
  private readonly subjects = new Map<string, Subject>();
  private timer: NodeJS.Timeout | undefined;
  private open = 0;
  private looking = false;

  constructor(private readonly readiness: Readiness) {}

  onModuleDestroy(): void {
    this.endAll();
  }

  /** Events about one thing of a kind, beginning with how it is now. 503 when there are too many listeners. */
  listen(kind: string, now: Progress, look: LookUp): Readable {
    if (this.open >= MOST || !this.readiness.ready)
      throw platformProblems.unavailable('Too many are listening.', { retryAfter: 5 });
    const listener: Listener = { stream: new PassThrough(), told: '', ticks: 0 };
    listener.stream.write('retry: 3000\n\n');
    if (tell(listener, now)) return listener.stream;
    const subject = this.subjects.get(kind) ?? { look, listeners: new Map<string, Set<Listener>>() };
    this.subjects.set(kind, subject);
    const listeners = subject.listeners.get(now.id) ?? new Set();
    subject.listeners.set(now.id, listeners.add(listener));
    this.open++;
    listener.stream.once('close', () => {
      this.open--;
      listeners.delete(listener);
      if (listeners.size === 0) subject.listeners.delete(now.id);
    });
    this.timer ??= setInterval(() => void this.tick(), TICK_MS).unref();
    return listener.stream;
  }

  private async tick(): Promise<void> {
    if (this.open === 0) return this.rest();
    if (!this.readiness.ready) return this.endAll();
    if (this.looking) return;
    this.looking = true;
    try {
      for (const { look, listeners } of this.subjects.values()) {
        if (listeners.size === 0) continue;
        for (const progress of await look([...listeners.keys()]))
          for (const listener of listeners.get(progress.id) ?? []) tell(listener, progress);
      }
    } catch (error) {
      // The next second looks again.
      this.log.debug({ err: error }, 'progress could not be read');
    } finally {
      this.looking = false;
    }
    this.all().forEach(age);
  }

  private all(): Listener[] {
    return [...this.subjects.values()].flatMap(({ listeners }) =>
      [...listeners.values()].flatMap((some) => [...some]),
    );
  }

  private endAll(): void {
    for (const { stream } of this.all()) stream.end();
    this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** Says what has changed; true when it was the last word. */
function tell(listener: Listener, progress: Progress): boolean {
  const { stream } = listener;
  const data = JSON.stringify(progress);
  const isOver = !UNDER_WAY.has(progress.state);
  if (data === listener.told || stream.writableEnded) return false;
  listener.told = data;
  stream.write(`event: progress\nid: ${isOver ? LAST_EVENT : 'now'}\ndata: ${data}\n\n`);
  if (isOver) stream.end();
  return isOver;
}

function age(listener: Listener): void {
  const { stream } = listener;
  if (stream.writableEnded) return;
  listener.ticks++;
  if (listener.ticks >= MOST_TICKS) stream.end();
  else if (stream.writableLength > MOST_UNREAD) stream.destroy();
  else if (listener.ticks % HEARTBEAT_TICKS === 0) stream.write(': still here\n\n');
}
