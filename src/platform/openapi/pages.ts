import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Config } from '../config.js';
import { type ProblemKind, problemRegistry } from '../http/problem.js';
import { buildDocuments, documentText } from './documents.js';

const JSON_TYPE = 'application/json; charset=utf-8';
const HTML_TYPE = 'text/html; charset=utf-8';

/** Swagger UI as @nestjs/swagger carries it: the files that its page needs, and no others. */
const UI_FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui-standalone-preset.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** Serves both documents, the reference page at /docs and a page for each problem. Nothing comes from elsewhere. */
export function serveReference(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  // Made when somebody asks: it takes longer than many a start has time for.
  let texts: Record<'store' | 'admin', string> | undefined;
  const textOf = (document: 'store' | 'admin'): string => {
    if (texts === undefined) {
      const { store, admin } = buildDocuments(app);
      texts = { store: documentText(store), admin: documentText(admin) };
    }
    return texts[document];
  };
  server.get('/openapi.json', (_request, reply) => reply.type(JSON_TYPE).send(textOf('store')));
  server.get('/openapi.admin.json', (_request, reply) => reply.type(JSON_TYPE).send(textOf('admin')));
  const entry = JSON.stringify({ name: app.get(Config).shopName, ...ENTRY });
  server.get('/', (_request, reply) => reply.type(JSON_TYPE).send(entry));
  serveDocs(server);
  serveProblems(server);
}

/** What somebody finds who only knows the address. */
const ENTRY = {
  reference: '/docs',
  openapi: ['/openapi.json', '/openapi.admin.json'],
  problems: '/problems',
  health: '/health/ready',
};

function serveDocs(server: FastifyInstance): void {
  const require = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  const folder = dirname(require.resolve('swagger-ui-dist/package.json'));
  server.get('/docs', (_request, reply) => reply.type(HTML_TYPE).send(DOCS_PAGE));
  server.get('/docs/start.js', (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(DOCS_SCRIPT),
  );
  for (const [name, type] of Object.entries(UI_FILES)) {
    server.get(`/docs/${name}`, async (_request, reply) => {
      const file = await readFile(join(folder, name));
      return reply.type(type).header('cache-control', 'public, max-age=86400').send(file);
    });
  }
}

const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Guildhall reference</title>
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script></body>
</html>
`;

// Without `validatorUrl: null` the page would send the document to its maker's server.
const DOCS_SCRIPT = `SwaggerUIBundle({
  urls: [{ url: '/openapi.json', name: 'Store' }, { url: '/openapi.admin.json', name: 'Staff' }],
  dom_id: '#ui',
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
});
`;

function serveProblems(server: FastifyInstance): void {
  const wantsHtml = ({ headers }: FastifyRequest) => headers.accept?.includes('text/html') ?? false;
  server.get('/problems', (request, reply) => {
    const problems = [...problemRegistry.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
    if (wantsHtml(request)) return reply.type(HTML_TYPE).send(listOf(problems));
    const items = problems.map(({ code, status, title }) => ({
      code,
      status,
      title,
      url: `/problems/${code}`,
    }));
    return reply.type(JSON_TYPE).send(JSON.stringify({ items }));
  });
  server.get<{ Params: { code: string } }>('/problems/:code', (request, reply) => {
    const problem = problemRegistry.get(request.params.code);
    if (!problem) return reply.callNotFound();
    if (wantsHtml(request)) return reply.type(HTML_TYPE).send(pageOf(problem));
    return reply.type(JSON_TYPE).send(JSON.stringify(problem));
  });
}

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<body style="font-family:system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;line-height:1.5">
${body}
</body></html>
`;

const listOf = (problems: ProblemKind[]): string =>
  page(
    'Problems',
    `<h1>Problems</h1><p>Every failure is told as <code>application/problem+json</code> with one of these codes.</p><ul>
${problems.map(({ code, status, title }) => `<li><a href="/problems/${code}"><code>${code}</code></a> · ${status} · ${title}</li>`).join('\n')}
</ul>`,
  );

const pageOf = ({ code, status, title, meaning, remedy, members = {} }: ProblemKind): string =>
  page(
    code,
    `<p><a href="/problems">Problems</a> · <code>${code}</code> · ${status}</p><h1>${title}</h1><p>${marked(meaning)}</p><h2>What to do</h2><p>${marked(remedy)}</p>${membersOf(members)}`,
  );

const membersOf = (members: NonNullable<ProblemKind['members']>): string =>
  Object.keys(members).length === 0
    ? ''
    : `<h2>Further members</h2><dl>${Object.entries(members)
        .map(([name, { description }]) => `<dt><code>${name}</code></dt><dd>${marked(description)}</dd>`)
        .join('')}</dl>`;

const marked = (text: string): string => text.replace(/</g, '&lt;').replace(/`([^`]+)`/g, '<code>$1</code>');
