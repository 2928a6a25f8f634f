import { Config } from './config.js';
import { BadSetting } from './setting.js';

describe('the settings of providers', () => {
  const acme = {
    code: 'acme',
    title: 'Acme',
    issuer: 'https://acme.example',
    clientId: 'guildhall',
    clientSecret: 'nobody may see this',
  };
  const config = (settings: Record<string, string>) =>
    new Config({
      NODE_ENV: 'test',
      SECRET_KEY: 'a secret that only the tests know, 32+',
      PUBLIC_URL: 'http://shop.test',
      ...settings,
    });
  const providers = (...list: object[]) => ({ OIDC_PROVIDERS: JSON.stringify(list) });

  it('are taken when they are right, and none are needed', () => {
    expect(config({}).oidcProviders).toEqual([]);
    expect(config({}).oidcReturnUrls).toEqual(['http://shop.test']);
    expect(config(providers(acme)).oidcProviders).toEqual([acme]);
    const local = { ...acme, issuer: 'http://[::1]:9000/realms/shop' };
    expect(config(providers(local)).oidcProviders).toEqual([local]);
  });

  it.each<[string, string, Record<string, string>]>([
    ['no JSON', 'OIDC_PROVIDERS', { OIDC_PROVIDERS: '[{nobody may see this' }],
    ['no list', 'OIDC_PROVIDERS', { OIDC_PROVIDERS: JSON.stringify(acme) }],
    ['no object', 'OIDC_PROVIDERS', { OIDC_PROVIDERS: '[null]' }],
    ['a key too few', 'OIDC_PROVIDERS', providers({ ...acme, clientSecret: undefined })],
    ['a key too many', 'OIDC_PROVIDERS', providers({ ...acme, scope: 'all' })],
    ['no text', 'OIDC_PROVIDERS', providers({ ...acme, clientId: 7 })],
    ['a code that fits no path', 'OIDC_PROVIDERS', providers({ ...acme, code: '../a' })],
    ['a code twice', 'OIDC_PROVIDERS', providers(acme, acme)],
    ['an issuer that is no URL', 'OIDC_PROVIDERS', providers({ ...acme, issuer: 'acme' })],
    ['an issuer in the clear', 'OIDC_PROVIDERS', providers({ ...acme, issuer: 'http://acme.example' })],
    [
      'an issuer in the clear in production',
      'OIDC_PROVIDERS',
      {
        ...providers({ ...acme, issuer: 'http://127.0.0.1:9000' }),
        NODE_ENV: 'production',
      },
    ],
    ['a way back that is no URL', 'OIDC_RETURN_URLS', { OIDC_RETURN_URLS: '/nobody may see this' }],
    ['a way back with a fragment', 'OIDC_RETURN_URLS', { OIDC_RETURN_URLS: 'https://shop.example/#a' }],
    ['a way back to no page', 'OIDC_RETURN_URLS', { OIDC_RETURN_URLS: 'javascript:alert(1)' }],
  ])('are refused with %s, by their name and without their content', (_what, key, settings) => {
    let error: unknown;
    try {
      config(settings);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(BadSetting);
    expect((error as BadSetting).key).toBe(key);
    expect((error as BadSetting).message).not.toMatch(/nobody may see this|127\.0\.0\.1|acme/);
  });
});
