import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const compiled = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A program of ours in its own process. */
export interface Running {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

/** Runs a program of `dist/` that prints one line `{"url": …}` when it listens. */
export async function startService(file: string, args: string[]): Promise<Running> {
  const child = spawn(process.execPath, [compiled(file), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await Promise.race([once(child.stdout, 'data'), failure(child, file)])) as [Buffer];
  const { url } = JSON.parse(line.toString()) as { url: string };
  return { url, pid: child.pid ?? 0, stop: () => stop(child) };
}

/** Runs the product itself with these settings and waits until it is ready. */
export async function startProduct(
  env: Record<string, string>,
  nodeOptions: string[] = [],
): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(
    process.execPath,
    ['--enable-source-maps', ...nodeOptions, compiled('../src/main.js')],
    {
      env: { ...inherited(), ...env, PORT: String(port), LOG_LEVEL: 'error', DEMO_STORE: 'off' },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  await Promise.race([untilReady(url), failure(child, 'the product')]);
  return { url, pid: child.pid ?? 0, stop: () => stop(child) };
}

/** Runs a program of `dist/` to its end and returns the last line of what it printed, which is JSON. */
export async function runToEnd<T>(file: string, args: string[]): Promise<T> {
  const child = spawn(process.execPath, [compiled(file), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
  return JSON.parse(output.trim().split('\n').at(-1) ?? '') as T;
}

/** Settings of this shell that are about the product would make two runs different; only the path is passed on. */
function inherited(): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env;
  return { PATH, HOME, NODE_ENV: 'development' };
}

async function failure(child: ChildProcess, name: string): Promise<never> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  throw new Error(`${name} did not start: it ended with ${code ?? signal}.`);
}

async function untilReady(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) return;
    await sleep(100);
  }
  throw new Error(`${url} was not ready within a minute.`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const patience = setTimeout(() => child.kill('SIGKILL'), 30_000);
  await gone;
  clearTimeout(patience);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
