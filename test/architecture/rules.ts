import { dirname, join, normalize } from 'node:path/posix';
import ts from 'typescript';
import { DRAWERS, EVENT_IMPORTS, MODULES, SCHEMAS, WORDS, type Neighbours } from './table.js';

/** Text of each file by its path from the root of the repository. */
export type Files = ReadonlyMap<string, string>;

interface Source {
  path: string;
  /** The code without comments: a comment may speak of anything. */
  code: string;
  imports: string[];
}

/** Every breach of the architecture, as `path: what is wrong`. */
export function violations(files: Files): string[] {
  const rules = [wording, naming, neighbourhood, roles, queries, schemas];
  return [...files].flatMap(([path, text]) => {
    const source = read(path, text);
    return rules.flatMap((rule) => rule(source)).map((what) => `${path}: ${what}`);
  });
}

/** Shapes that have one name in two places: in the documents the second would stand for both. */
export function sharedShapes(files: Files): string[] {
  const places = new Map<string, string[]>();
  for (const [path, text] of files)
    for (const [, name = ''] of text.matchAll(/^export class (\w+Dto)\b/gm))
      places.set(name, [...(places.get(name) ?? []), path]);
  return [...places].flatMap(([name, paths]) => (paths.length > 1 ? `${name}: ${paths.join(', ')}` : []));
}

/** A module that can reach itself through calls, or undefined. Events may point both ways; calls may not. */
export function cyclicCaller(modules: Readonly<Record<string, Neighbours>> = MODULES): string | undefined {
  const reaches = (from: string, target: string, seen: Set<string>): boolean =>
    (modules[from]?.calls ?? []).some(
      (next) => next === target || (!seen.has(next) && reaches(next, target, seen.add(next))),
    );
  return Object.keys(modules).find((name) => reaches(name, name, new Set()));
}

/** Static, type, re-exported and dynamic imports: a type import couples as much as any. */
export function read(path: string, text: string): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const imports: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = importedName(node);
    if (name !== undefined) imports.push(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { path, code: ts.createPrinter({ removeComments: true }).printFile(file), imports };
}

function importedName(node: ts.Node): string | undefined {
  let name: ts.Node | undefined;
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) name = node.moduleSpecifier;
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) name = node.argument.literal;
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    name = node.arguments[0];
  return name && ts.isStringLiteralLike(name) ? name.text : undefined;
}

const areaOf = (path: string): string | undefined => /^(?:src|migrations)\/([^/]+)\//.exec(path)?.[1];
const isModule = (area: string | undefined): area is string => area !== undefined && area in MODULES;
const roleOf = (path: string): string => /\.([a-z-]+)\.ts$/.exec(path)?.[1] ?? '';
const isDoor = (path: string, module: string, door: string): boolean =>
  path === `src/${module}/${module}.${door}.ts`;
const targets = ({ path, imports }: Source): string[] =>
  imports
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(path), name.replace(/\.js$/, '.ts'))));

function wording({ path, code }: Source): string[] {
  return WORDS.filter(({ word, except }) => word.test(code) && !except.some((place) => place.test(path))).map(
    ({ why }) => why,
  );
}

function naming({ path, imports }: Source): string[] {
  const found = path
    .split('/')
    .slice(0, -1)
    .filter((folder) => DRAWERS.includes(folder))
    .map((folder) => `${folder} is a drawer, not a name`);
  if (/^src\/.*\bindex\.ts$/.test(path)) found.push('no barrel files');
  for (const name of imports) {
    if (name.startsWith('.') && !/\.m?js$/.test(name)) found.push(`${name} does not end in .js`);
  }
  return found;
}

/** Only doors cross modules, and only where the table says so. */
function neighbourhood(source: Source): string[] {
  const { path } = source;
  if (!path.startsWith('src/')) return [];
  const from = areaOf(path);
  return targets(source).flatMap((target) => {
    if (/^(test|bench)\//.test(target)) return [`${target} is no part of the product`];
    const to = areaOf(target);
    if (!isModule(to) || from === to) return [];
    const wires = isDoor(target, to, 'module');
    if (!isModule(from)) {
      if (from === undefined) return path === 'src/app.module.ts' && wires ? [] : [`may not know ${target}`];
      return [`platform knows no module, so not ${target}`];
    }
    const { calls, hears } = MODULES[from] ?? { calls: [], hears: [] };
    if (isDoor(target, to, 'api'))
      return calls.includes(to) ? [] : [`${from} may not call ${to} (${target})`];
    if (isDoor(target, to, 'events')) {
      if (!hears.includes(to)) return [`${from} may not hear ${to} (${target})`];
      return roleOf(path) === 'subscribers' ? [] : [`only subscribers hear other modules (${target})`];
    }
    if (wires)
      return calls.includes(to) && isDoor(path, from, 'module')
        ? []
        : [`wires ${target} outside a module file`];
    return [`${target} is no door of ${to}`];
  });
}

const REFUSED_ROLES: Readonly<Record<string, readonly string[]>> = {
  controller: ['repository'],
  entity: ['service', 'controller', 'repository'],
};

/** The way of the data inside a module: controller, service, entity and repository. */
function roles(source: Source): string[] {
  const { path } = source;
  if (roleOf(path) === 'events' && path.startsWith('src/')) {
    return [...source.imports.filter((name) => !name.startsWith('.')), ...targets(source)]
      .filter((target) => !EVENT_IMPORTS.includes(target))
      .map((target) => `events are plain data, they do not import ${target}`);
  }
  if (!isModule(areaOf(path))) return [];
  const refused = REFUSED_ROLES[roleOf(path)] ?? [];
  return targets(source)
    .filter((target) => refused.includes(roleOf(target)))
    .map((target) => `no ${roleOf(path)} imports a ${roleOf(target)} (${target})`);
}

/** Inside a module only repositories talk to the database, and nobody opens a connection of his own. */
function queries({ path, code, imports }: Source): string[] {
  if (!path.startsWith('src/') || !isModule(areaOf(path))) return [];
  const found = imports.includes('pg') ? ['only platform opens connections'] : [];
  const asks = /\bdatabase\s*\.\s*(?:query|execute|repository)\s*[(<]/.test(code);
  return asks && roleOf(path) !== 'repository' ? [...found, 'only repositories query'] : found;
}

const NAMES = Object.values(SCHEMAS).flat().join('|');
/** A schema after a word that only SQL puts before a table. Anywhere else `catalog.x` may be an event or a variable. */
const IN_A_STATEMENT = new RegExp(
  `\\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REFERENCES|ON|ONLY|EXISTS|INDEX|SEQUENCE|FUNCTION|VIEW|TYPE|SCHEMA)\\s+"?(${NAMES})\\b`,
  'g',
);
const BEFORE_A_TABLE = new RegExp(`(?<![\\w./:'-])"?\\b(${NAMES})"?\\."?[a-z_]+\\b(?!\\()`, 'g');
const OF_AN_ENTITY = new RegExp(`\\bschema:\\s*['"](${NAMES})['"]`, 'g');

/** No query, foreign key or entity over the schemas. */
function schemas({ path, code }: Source): string[] {
  const own = SCHEMAS[areaOf(path) ?? ''];
  if (own === undefined) return [];
  const patterns = [IN_A_STATEMENT, OF_AN_ENTITY];
  if (path.startsWith('migrations/') || roleOf(path) === 'repository') patterns.push(BEFORE_A_TABLE);
  const named = patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(named)]
    .filter((schema) => !own.includes(schema))
    .map((schema) => `names the schema ${schema}, which is not its own`);
}
