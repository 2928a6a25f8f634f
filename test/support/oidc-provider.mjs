/**
 * A provider as others run them, in a process of its own: oidc-provider on a free port of this machine. The only thing
 * that is ours is the page where somebody signs in: it takes whom the header `x-person` names, as JSON.
 *
 * Parameter: the redirect URIs of its one client, as JSON. It says its issuer on its standard output.
 */
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';

// It asks for Node 22, and runs on Node 20: this one warning is known, and any other is to be seen.
const { warn } = console;
console.warn = (...words) => {
  if (!String(words[0]).includes('Unsupported runtime')) warn(...words);
};
const { Provider } = await import('oidc-provider');
const { createMemoryAdapter } = await import('oidc-provider/lib/adapters/memory_adapter.js');

const [redirectUris] = process.argv.slice(2);
const people = new Map();
const key = async (alg) => ({
  ...(await exportJWK((await generateKeyPair(alg, { extractable: true })).privateKey)),
  alg,
  use: 'sig',
});

const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  // Named, because one that is merely left out is warned of.
  adapter: createMemoryAdapter(0),
  clients: [
    {
      client_id: 'guildhall',
      client_secret: 'a secret that the shop has from the provider',
      redirect_uris: JSON.parse(redirectUris),
      token_endpoint_auth_method: 'client_secret_post',
    },
  ],
  jwks: { keys: [await key('RS256')] },
  cookies: { keys: [randomBytes(32).toString('hex')] },
  scopes: ['openid', 'email', 'profile'],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['given_name', 'family_name'],
  },
  ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/sign-in/${uid}` },
  findAccount: (_context, id) => ({ accountId: id, claims: () => people.get(id) }),
  // The shop is the provider's own: nobody is asked what it may know.
  loadExistingGrant: async ({ oidc }) => {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  if (!request.url.startsWith('/sign-in/')) return answer(request, response);
  try {
    const person = JSON.parse(request.headers['x-person']);
    people.set(person.sub, person);
    const result = person.refuses ? { error: 'access_denied' } : { login: { accountId: person.sub } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
console.log(issuer);
