import { fileURLToPath } from 'node:url';
import { boot } from './platform/start/boot.js';

/** Takes the first product, puts it into a cart and pays: five programs in a pipe, because each needs the answer before. */
function example(url: string, currency: string): string {
  const address = `{"firstName":"Ada","lastName":"Byron","line1":"Unter den Linden 1","city":"Berlin","postalCode":"10117","country":"DE"}`;
  return String.raw`curl -s '${url}/v1/products?inStock=true&currency=${currency}&limit=1' \
  | sed -E 's/.*"variants" ?: ?\[\{"id" ?: ?"([^"]+)".*/{"currency":"${currency}","email":"ada@example.com","lines":[{"variantId":"\1","quantity":1}]}/' \
  | curl -s ${url}/v1/carts -H 'content-type: application/json' -d @- \
  | sed -E 's#^\{"id":"([^"]+)","token":"([^"]+)".*#url=${url}/v1/carts/\1/checkout@header="X-Cart-Token: \2"#' | tr @ '\n' \
  | curl -s -K - -H 'content-type: application/json' -H "Idempotency-Key: by-hand-$(date +%s)-$$" \
      -d '{"payment":{"gateway":"test","token":"ok"},"shippingAddress":${address}}'`;
}

/** One process: `ROLE` says whether it answers requests, runs jobs, or both. */
await boot({
  load: async () => {
    await import('reflect-metadata');
    const [{ AppModule }, { migrations }] = await Promise.all([
      import('./app.module.js'),
      import('../migrations/index.js'),
    ]);
    return { module: AppModule, migrations };
  },
  gatewayProgram: fileURLToPath(new URL('./billing/gateway/test-gateway.process.js', import.meta.url)),
  example,
});
