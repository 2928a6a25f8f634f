import { readFileSync } from 'node:fs';

interface ProfileNode {
  id: number;
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

interface Profile {
  nodes: ProfileNode[];
  samples: number[];
  timeDeltas: number[];
}

/** What to show: milliseconds since the start, and how many functions. */
interface Window {
  from: number;
  to: number;
  top: number;
}

/** Work that every request pays for, whatever it is about: found anywhere above a function on the stack. */
const LAYERS: [string, RegExp][] = [
  ['validation', /class-validator|class-transformer|platform\/http\/(validation|fields)|validation\.pipe/],
  ['guards', /platform\/access|@nestjs\/core\/guards/],
  ['serialisation', /fast-json-stringify|fastify\/lib\/(validation|schema)|platform\/http\/page-cache/],
  ['logging, metrics', /platform\/observability|prom-client|\/pino/],
];

/** Self time by package and by function, and the share of what every request pays for, as text. */
export function readProfile(file: string, { from, to, top }: Window): string {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const own = selfTimes(profile, from, to);
  const parents = parentsOf(profile);
  const packages = new Map<string, number>();
  const functions = new Map<string, number>();
  const layers = new Map<string, number>();
  let busy = 0;
  for (const node of profile.nodes) {
    const time = own.get(node.id) ?? 0;
    if (time === 0 || node.callFrame.functionName === '(idle)') continue;
    busy += time;
    add(packages, packageOf(node), time);
    const { functionName, lineNumber } = node.callFrame;
    add(
      functions,
      `${packageOf(node)}  ${functionName || '(anonymous)'}  ${shortOf(node)}:${lineNumber + 1}`,
      time,
    );
    const layer = layerOf(node, parents);
    if (layer) add(layers, layer, time);
  }
  const section = (title: string, entries: Map<string, number>, most: number): string =>
    [title, ...sorted(entries, most).map(([name, time]) => `  ${percent(time / busy)}  ${name}`)].join('\n');
  return [
    section('By package (own time, of the busy time):', packages, 25),
    section('What every request pays for (with all that it calls):', layers, LAYERS.length),
    section('By function (own time):', functions, top),
  ].join('\n\n');
}

function selfTimes({ samples, timeDeltas }: Profile, from: number, to: number): Map<number, number> {
  const own = new Map<number, number>();
  let at = 0;
  samples.forEach((id, n) => {
    at += (timeDeltas[n] ?? 0) / 1_000;
    if (at >= from && at <= to) own.set(id, (own.get(id) ?? 0) + Math.max(0, timeDeltas[n + 1] ?? 0));
  });
  return own;
}

function parentsOf({ nodes }: Profile): Map<number, ProfileNode> {
  const parents = new Map<number, ProfileNode>();
  for (const node of nodes) for (const child of node.children ?? []) parents.set(child, node);
  return parents;
}

function layerOf(node: ProfileNode, parents: Map<number, ProfileNode>): string | undefined {
  for (let at: ProfileNode | undefined = node; at; at = parents.get(at.id)) {
    const { url } = at.callFrame;
    // A layer is what it does itself; the handler that it calls in the end is not part of it.
    if (/dist\/src\/(?!platform)/.test(url)) return undefined;
    const layer = LAYERS.find(([, pattern]) => pattern.test(url));
    if (layer) return layer[0];
  }
  return undefined;
}

function packageOf({ callFrame: { functionName, url } }: ProfileNode): string {
  const installed = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed) return installed;
  const ours = /dist\/src\/([^/]+)(?:\/([^/]+))?/.exec(url) ?? /\/src\/([^/]+)(?:\/([^/]+))?/.exec(url);
  if (ours) return ours[1] === 'platform' ? `own: platform/${ours[2] ?? ''}` : `own: ${ours[1] ?? ''}`;
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  return functionName.startsWith('(') ? functionName : 'native';
}

function shortOf({ callFrame: { url } }: ProfileNode): string {
  return url.replace(/^.*node_modules\//, '').replace(/^.*dist\/src\//, '');
}

function add(to: Map<string, number>, name: string, time: number): void {
  to.set(name, (to.get(name) ?? 0) + time);
}

function sorted(entries: Map<string, number>, most: number): [string, number][] {
  return [...entries].sort(([, a], [, b]) => b - a).slice(0, most);
}

const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(5)} %`;
