import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Config } from './config.js';

const secret = { SECRET_KEY: 'a secret that only the tests know, 32+' };
const config = (settings: Record<string, string>) => new Config({ ...secret, ...settings });

describe('the settings', () => {
  it.each([
    ['STORE_LOCALE', 'german'],
    ['STORE_CURRENCY', 'EURO'],
    ['STORE_CURRENCY', 'eur'],
    ['STORE_CURRENCY', 'XAU'],
    ['MAIL_FROM', 'nonsense'],
    ['MAIL_FROM', 'Shop <nonsense>'],
    ['MAIL_FROM', 'Shop shop@example.com'],
    ['CORS_ORIGINS', 'my.shop'],
    ['CORS_ORIGINS', 'https://shop.example/path'],
    ['CORS_ORIGINS', 'https://shop.example,*'],
    ['METRICS_TOKEN', 'short'],
    ['BREACH_CHECK', 'always'],
    ['HIBP_URL', 'api.pwnedpasswords.example'],
    ['BLOCKED_PASSWORDS_FILE', '/there/is/no/such/file'],
    ['BLOCKED_PASSWORDS_FILE', '/'],
    ['BLOCKED_PASSWORDS_FILE', '/dev/null'],
    ['BLOCKED_PASSWORDS_FILE', process.execPath],
    ['MEDIA_BASE_URL', 'cdn.example'],
    ['MEDIA_BASE_URL', 'https://cdn.example/?a=1'],
    ['MEDIA_MAX_MEGABYTES', '5000'],
    ['MEDIA_MAX_MEGAPIXELS', '9000'],
  ])('refuse %s=%s by its name, without its content', (key, value) => {
    expect(() => config({ [key]: value })).toThrow(expect.objectContaining({ key }));
    expect(() => config({ [key]: value })).not.toThrow(value);
  });

  it('refuse an administrator whose address is none', () => {
    const settings = { ADMIN_EMAIL: 'boss@shop', ADMIN_PASSWORD: 'the keeper of all the keys' };
    expect(() => config(settings)).toThrow(expect.objectContaining({ key: 'ADMIN_EMAIL' }));
  });

  it.each(['shop@example.com', 'My Shop <shop@example.com>', 'shop@localhost', '"Shop, Inc." <a@b.example>'])(
    'take MAIL_FROM=%s',
    (value) => {
      expect(config({ MAIL_FROM: value }).mailFrom).toBe(value);
    },
  );

  it('let pages of this machine in while nobody says otherwise, and none in production', () => {
    expect(config({}).corsOrigins).toBe('loopback');
    expect(config({ CORS_ORIGINS: '*' }).corsOrigins).toBe('any');
    expect(config({ NODE_ENV: 'production' }).corsOrigins).toEqual([]);
    expect(() => config({ NODE_ENV: 'production', CORS_ORIGINS: '*' })).toThrow('CORS_ORIGINS');
    expect(config({ CORS_ORIGINS: 'https://a.example, http://b.example:8080/' }).corsOrigins).toEqual([
      'https://a.example',
      'http://b.example:8080',
    ]);
  });

  it('take all of a bucket or nothing, and tell its secret to nobody', () => {
    const bucket = {
      S3_ENDPOINT: 'https://s3.example/',
      S3_BUCKET: 'shop-files',
      S3_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      S3_SECRET_ACCESS_KEY: 'hush/hush+hush',
    };
    expect(config({}).s3).toBeNull();
    expect(config({ ...bucket, S3_REGION: 'eu-west-1' }).s3).toMatchObject({
      ...{ endpoint: 'https://s3.example', bucket: 'shop-files', region: 'eu-west-1' },
    });
    for (const key of Object.keys(bucket))
      expect(() => config({ ...bucket, [key]: '' })).toThrow(expect.objectContaining({ key }));
    expect(() => config({ S3_REGION: 'eu-west-1' })).toThrow('S3_ENDPOINT, S3_BUCKET');
    for (const [key, value] of [
      ['S3_ENDPOINT', 's3.example'],
      ['S3_ENDPOINT', 'https://user:word@s3.example'],
      ['S3_BUCKET', 'a/b'],
      ['S3_REGION', 'eu west'],
      ['S3_SECRET_ACCESS_KEY', 'two words'],
    ] as const) {
      expect(() => config({ ...bucket, [key]: value })).toThrow(expect.objectContaining({ key }));
      expect(() => config({ ...bucket, [key]: value })).not.toThrow(value);
    }
    expect(config({ MEDIA_BASE_URL: 'https://cdn.example/shop/' }).mediaBaseUrl).toBe(
      'https://cdn.example/shop',
    );
  });

  it('make no folder until a key is asked for, and then keep their secret', () => {
    const above = mkdtempSync(join(tmpdir(), 'guildhall-config-'));
    const DATA_DIR = join(above, 'deep/data');
    const made = new Config({ DATA_DIR });
    expect(existsSync(DATA_DIR)).toBe(false);
    expect(made.key('one')).toEqual(new Config({ DATA_DIR }).key('one'));
    expect(made.key('one')).not.toEqual(made.key('two'));
    rmSync(above, { recursive: true });
  });

  it('know the keys of the secret before, by their names', () => {
    const before = config({});
    const after = config({
      SECRET_KEY: 'another secret, just as long as that',
      SECRET_KEY_PREVIOUS: secret.SECRET_KEY,
    });
    expect(before.keyRing('pepper')).toHaveLength(1);
    const [present, old] = after.keyRing('pepper');
    expect(old).toEqual(before.keyRing('pepper')[0]);
    expect(present.key).toEqual(after.key('pepper'));
    expect(present.id).not.toBe(old?.id);
    expect(() => new Config({ SECRET_KEY_PREVIOUS: secret.SECRET_KEY })).toThrow('SECRET_KEY_PREVIOUS');
  });
});
