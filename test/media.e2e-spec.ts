import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import zlib from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { Workers } from '../src/platform/events/workers.js';
import { ObjectStore } from '../src/platform/files/object-store.port.js';
import { startApp, type TestApp } from './support/app.js';
import type { Answer } from './support/client.js';
import { given } from './support/given.js';
import { RealProcess } from './support/real-process.js';
import { MemoryBucket } from './support/s3.js';

type Format = 'jpeg' | 'png' | 'webp' | 'gif' | 'avif';

/** A picture that nobody has sent yet, whatever its size: some of its pixels are by chance. */
function drawing(width: number, height: number, channels: 3 | 4 = 3): Sharp {
  const [r = 0, g = 0, b = 0] = randomBytes(3);
  const background = channels === 4 ? { r, g, b, alpha: 0.4 } : { r, g, b };
  const corner = { width: 2, height: 2, channels: 3 as const };
  return sharp({ create: { width, height, channels, background } }).composite([
    { input: randomBytes(12), raw: corner, top: 0, left: 0 },
  ]);
}
const picture = (format: Format = 'jpeg', width = 400, height = 300): Promise<Buffer> =>
  drawing(width, height)[format]().toBuffer();

/** A PNG of nothing but black: as large as its header says, and small as a file. */
function blackPng(width: number, height: number): Buffer {
  const crc32 = (zlib as unknown as { crc32(data: Buffer): number }).crc32;
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = zlib.deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const typeOf = (format: Format) => `image/${format}`;

describe('media', () => {
  let app: TestApp;
  let token: string;
  beforeAll(async () => {
    app = await startApp();
    token = await given.admin(app);
  });
  afterAll(() => app?.close());

  const upload = (bytes: Uint8Array, type = 'image/jpeg', query = '', to = app): Promise<Answer> =>
    to.post(`/v1/admin/media${query}`, bytes, { token, headers: { 'content-type': type } });
  const uploaded = async (bytes: Uint8Array, type = 'image/jpeg', query = ''): Promise<string> => {
    const answer = await upload(bytes, type, query);
    expect(answer.status).toBe(201);
    return answer.body.id as string;
  };
  const get = async (id: string, from = app) => (await from.get(`/v1/admin/media/${id}`, { token })).body;
  const ready = async (bytes: Uint8Array, type = 'image/jpeg') => {
    const id = await uploaded(bytes, type);
    await app.settle();
    return get(id);
  };
  const load = async (url: string, init: RequestInit = {}, from = app) => {
    const answer = await fetch(new URL(url, from.url), init);
    return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const files = (folder = join(app.config.dataDir, 'files', 'media')): string[] =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('-'))
      : [];
  const filesOf = (id: string) => files().filter((name) => name.includes(id));
  const count = async (table: string): Promise<number> => {
    const [row] = await app.database.query<{ n: number }>(`SELECT count(*)::int AS n FROM catalog.${table}`);
    return row?.n ?? -1;
  };

  /** As if all that is to go had been due. */
  const tidyAll = async () => {
    await app.database.execute(`UPDATE catalog.media_leftovers SET due_at = now() - interval '1 s'`);
    await app.run('catalog.tidy_media');
  };

  describe('that is uploaded', () => {
    it.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('as %s is made into sizes', async (format) => {
      const bytes = await picture(format, 1200, 800);
      const answer = await upload(bytes, typeOf(format), '?fileName=tote%20(1).jpg&alt=A%20tote');
      expect(answer).toMatchObject({
        status: 201,
        body: {
          state: 'pending',
          contentType: typeOf(format),
          bytes: bytes.length,
          ...{ width: 1200, height: 800, fileName: 'tote (1).jpg', alt: 'A tote' },
          ...{ url: null, renditions: [], used: false, version: 1, failure: null },
        },
      });
      expect(answer.headers.get('location')).toBe(`/v1/admin/media/${answer.body.id}`);
      await app.settle();
      const done = await get(answer.body.id);
      expect(done).toMatchObject({ state: 'ready', version: 2 });
      expect(done.renditions.map((one: { width: number }) => one.width)).toEqual([160, 480, 960, 1200, 1200]);
      expect(done.url).toBe(done.renditions.at(-1).url);
      for (const { url, width, contentType } of done.renditions) {
        const { status, headers, bytes: body } = await load(url);
        const found = await sharp(body).metadata();
        expect([status, headers.get('content-type'), `image/${found.format}`, found.width]).toEqual([
          ...[200, contentType, contentType, width],
        ]);
        expect(found.height).toBe(Math.round((width * 800) / 1200));
      }
    });

    it('is never enlarged, and is a PNG where something shines through', async () => {
      const small = await ready(await picture('png', 90, 40), 'image/png');
      expect(small.renditions).toMatchObject([
        { width: 90, contentType: 'image/webp' },
        { width: 90, contentType: 'image/jpeg' },
      ]);
      const glass = await ready(await drawing(500, 500, 4).png().toBuffer(), 'image/png');
      expect(glass.renditions.map((one: { contentType: string }) => one.contentType)).toEqual([
        ...['image/webp', 'image/webp', 'image/webp', 'image/png'],
      ]);
      for (const { url } of glass.renditions.slice(-2))
        expect((await sharp((await load(url)).bytes).stats()).isOpaque).toBe(false);
      const large = await ready(await picture('jpeg', 4000, 1000));
      expect(large.renditions.map((one: { width: number }) => one.width)).toEqual([
        ...[160, 480, 960, 1920, 1920],
      ]);
      // One pixel beyond a size, and exactly a size.
      const widths = async (width: number) =>
        (await ready(await picture('jpeg', width, 20))).renditions.map((one: { width: number }) => one.width);
      expect(await widths(161)).toEqual([160, 161, 161]);
      expect(await widths(160)).toEqual([160, 160]);
    });

    it('tells nobody where it was taken, and is the right way up', async () => {
      const secret = `made-by-${randomUUID()}`;
      const bytes = await drawing(300, 200)
        .jpeg()
        .withExif({
          IFD0: { Copyright: secret, Orientation: '6' },
          IFD3: {
            GPSLatitudeRef: 'N',
            GPSLatitude: '51/1 30/1 0/1',
            GPSLongitudeRef: 'W',
            GPSLongitude: '0/1 7/1 0/1',
          },
        })
        .withXmp(`<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>${secret}</a></x:xmpmeta>`)
        .withMetadata({ orientation: 6 })
        .toBuffer();
      expect(bytes.includes(secret)).toBe(true);
      expect((await sharp(bytes).metadata()).orientation).toBe(6);
      const media = await ready(bytes);
      expect(media).toMatchObject({ width: 200, height: 300 });
      for (const { url } of media.renditions) {
        const { bytes: served } = await load(url);
        const found = await sharp(served).metadata();
        expect([found.exif, found.xmp, found.iptc, found.orientation]).toEqual(Array(4).fill(undefined));
        expect(served.includes(secret) || served.includes('Exif')).toBe(false);
        expect(found.height).toBeGreaterThan(found.width);
      }
      // What was sent lies in the store, and has no address.
      const original = filesOf(media.id).find((name) => name.endsWith('original')) ?? '';
      expect(readFileSync(join(app.config.dataDir, 'files', 'media', original)).equals(bytes)).toBe(true);
      expect((await app.get(`/v1/media/${media.id}/original`)).status).toBe(404);
    });

    it('shows the first image of an animation', async () => {
      const frames = Buffer.concat([Buffer.alloc(20 * 10 * 3, 255), Buffer.alloc(20 * 10 * 3)]);
      const raw = { width: 20, height: 20, channels: 3 as const, pageHeight: 10 };
      const animation = await sharp(frames, { raw }).gif().toBuffer();
      expect((await sharp(animation).metadata()).pages).toBe(2);
      const media = await ready(animation, 'image/gif');
      expect(media).toMatchObject({ width: 20, height: 10 });
      const { channels } = await sharp((await load(media.url)).bytes).stats();
      expect(channels[0]?.mean).toBeGreaterThan(250);
    });

    it('is the same when its bytes are, one after the other and at once', async () => {
      const bytes = await picture();
      const first = await upload(bytes, 'image/jpeg', '?alt=First');
      const second = await upload(bytes, 'image/jpeg', '?alt=Second');
      expect([first.status, second.status]).toEqual([201, 200]);
      expect(second.body).toMatchObject({ id: first.body.id, alt: 'First' });
      const [rows, other] = [await count('media'), await picture()];
      const all = await Promise.all(Array.from({ length: 6 }, () => upload(other)));
      expect(all.map(({ status }) => status).sort()).toEqual([...Array(5).fill(200), 201]);
      expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
      expect(await count('media')).toBe(rows + 1);
      await app.settle();
      // What those had put into the store that came too late goes again, and what counts stays.
      const id: string = all[0]?.body.id;
      await tidyAll();
      expect(await count('media_leftovers')).toBe(0);
      const known = new Set(
        (await app.database.query<{ id: string }>('SELECT id FROM catalog.media')).map((row) => row.id),
      );
      expect(files().filter((name) => ![...known].some((one) => name.includes(one)))).toEqual([]);
      expect((await load((await get(id)).url)).status).toBe(200);
    });

    it('is listed by state and use, page by page, each in one statement', async () => {
      const id = await uploaded(await picture());
      await app.settle();
      const list = async (query: string) => (await app.get(`/v1/admin/media?${query}`, { token })).body;
      expect((await list('limit=1')).items).toMatchObject([{ id }]);
      const asked: string[] = [];
      const { database } = app;
      const query = database.query.bind(database);
      database.query = (text, values) => {
        asked.push(text);
        return query(text, values);
      };
      expect((await list('limit=100&unused=true&state=ready')).items.length).toBeGreaterThan(5);
      database.query = query;
      expect(asked.filter((text) => /catalog\.media/.test(text))).toHaveLength(1);
      const ids: string[] = [];
      for (let cursor = ''; ;) {
        const page = await list(`limit=3${cursor}`);
        ids.push(...page.items.map((one: { id: string }) => one.id));
        if (page.nextCursor === null) break;
        cursor = `&cursor=${page.nextCursor}`;
      }
      expect(ids).toEqual([...new Set(ids)].sort().reverse());
      expect(ids).toHaveLength(await count('media'));
      expect((await list('state=failed')).items).toEqual([]);
      await given.product(app, token, { media: [{ mediaId: id }] });
      expect((await list('unused=false')).items).toMatchObject([{ id, used: true }]);
      expect((await list('unused=true&limit=100')).items).toHaveLength(ids.length - 1);
      const page = await list('unused=true&limit=1');
      expect(await app.get(`/v1/admin/media?limit=1&cursor=${page.nextCursor}`, { token })).toMatchObject({
        status: 400,
        body: { code: 'platform.invalid_cursor' },
      });
    });

    it('is for those who may, and nobody else', async () => {
      const bytes = await picture();
      const headers = { 'content-type': 'image/jpeg' };
      expect((await app.post('/v1/admin/media', bytes, { headers })).status).toBe(401);
      const { token: customer } = await given.customer(app);
      expect((await app.post('/v1/admin/media', bytes, { headers, token: customer })).status).toBe(403);
      const reader = await given.staff(app, ['read-only'], token);
      expect((await app.post('/v1/admin/media', bytes, { headers, token: reader.token })).status).toBe(403);
      const id = await uploaded(bytes);
      const path = `/v1/admin/media/${id}`;
      expect((await app.get(path, { token: reader.token })).status).toBe(200);
      expect((await app.get(path)).status).toBe(401);
      for (const answer of [
        await app.patch(path, { alt: 'x' }, { token: reader.token }),
        await app.delete(path, { token: reader.token }),
        await app.post(`${path}/retry`, undefined, { token: reader.token }),
      ])
        expect(answer.status).toBe(403);
    });
  });

  describe('that is not taken', () => {
    const refused = async (bytes: Uint8Array, type: string, status: number, code: string) => {
      await app.settle();
      const [rows, kept, left] = [await count('media'), files().length, await count('media_leftovers')];
      const answer = await upload(bytes, type);
      expect(answer).toMatchObject({ status, body: { code } });
      expect([await count('media'), files().length, await count('media_leftovers')]).toEqual([
        rows,
        kept,
        left,
      ]);
      expect(readdirSync(join(app.config.dataDir, 'uploads'))).toEqual([]);
      return answer;
    };

    it.each([
      ['as it is', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'],
      ['behind a declaration', '\ufeff<?xml version="1.0"?>\n<!-- x -->\n<svg xmlns="x"/>'],
    ])('is an SVG, %s and under another name', async (_, text) => {
      const answer = await refused(Buffer.from(text), 'image/svg+xml', 415, 'catalog.svg_refused');
      expect(answer.body.detail).toContain('scripts');
      await refused(Buffer.from(text), 'image/png', 415, 'catalog.svg_refused');
      await refused(Buffer.from(text, 'utf16le'), 'image/png', 415, 'catalog.svg_refused');
      await refused(await picture(), 'image/svg+xml', 415, 'catalog.svg_refused');
    });

    it('is of another type than it says', async () => {
      await refused(await picture('png'), 'image/jpeg', 422, 'catalog.picture_type_differs');
      await refused(await picture('jpeg'), 'image/webp', 422, 'catalog.picture_type_differs');
      for (const type of [
        'application/octet-stream',
        'text/html',
        'image/tiff',
        'multipart/form-data; boundary=x',
      ])
        expect((await upload(await picture(), type)).status).toBe(415);
      expect((await app.post('/v1/admin/media', { url: 'x' }, { token })).status).toBe(415);
      const elsewhere = await app.post('/v1/admin/categories', await picture(), {
        token,
        headers: { 'content-type': 'image/jpeg' },
      });
      expect(elsewhere.status).toBe(415);
    });

    it.each(['jpeg', 'png', 'webp', 'gif', 'avif'] as const)('is a %s that ends too soon', async (format) => {
      const whole = await sharp(randomBytes(300 * 300 * 3), { raw: { width: 300, height: 300, channels: 3 } })
        [format]()
        .toBuffer();
      for (const share of [0.9, 0.5])
        await refused(
          whole.subarray(0, Math.floor(whole.length * share)),
          typeOf(format),
          422,
          'catalog.broken_picture',
        );
      // The beginning alone.
      await refused(whole.subarray(0, 40), typeOf(format), 422, 'catalog.broken_picture');
    });

    it('is no picture, or nothing', async () => {
      await refused(Buffer.from('hello'), 'image/png', 422, 'catalog.broken_picture');
      await refused(randomBytes(50_000), 'image/jpeg', 422, 'catalog.broken_picture');
      await refused(Buffer.alloc(0), 'image/png', 422, 'catalog.broken_picture');
      const script = Buffer.from(`GIF89a/*${'x'.repeat(500)}*/=1;alert(1)//`);
      await refused(script, 'image/gif', 422, 'catalog.broken_picture');
      const heic = Buffer.concat([
        Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'),
        randomBytes(99),
      ]);
      await refused(heic, 'image/avif', 422, 'catalog.broken_picture');
    });

    it('has too many pixels, however small the file', async () => {
      const bomb = blackPng(30_000, 30_000);
      expect(bomb.length).toBeLessThan(200_000);
      const answer = await refused(bomb, 'image/png', 422, 'catalog.too_many_pixels');
      expect(answer.body.detail).toContain('30000 × 30000');
      await refused(blackPng(20, 17_000), 'image/png', 422, 'catalog.too_many_pixels');
      await uploaded(blackPng(8_001, 6_001), 'image/png');
    });

    it('has too many bytes, announced or not', async () => {
      const large = Buffer.concat([await picture(), Buffer.alloc(20 * 1024 * 1024)]);
      await refused(large, 'image/jpeg', 413, 'platform.too_large');
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < large.length; at += 1024 * 1024)
            controller.enqueue(large.subarray(at, at + 1024 * 1024));
          controller.close();
        },
      });
      const answer = await fetch(`${app.url}/v1/admin/media`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'image/jpeg' },
        body: stream,
        duplex: 'half',
      } as RequestInit);
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        413,
        'platform.too_large',
      ]);
      expect(readdirSync(join(app.config.dataDir, 'uploads'))).toEqual([]);
    });

    it('has a query that is not known, or cannot be kept', async () => {
      const bytes = await picture();
      for (const query of ['?what=1', '?alt=a%00b', `?fileName=${'x'.repeat(201)}`])
        expect((await upload(bytes, 'image/jpeg', query)).status).toBe(400);
    });

    it('does not carry over what hides behind a picture', async () => {
      const hidden = `<script>alert("${randomUUID()}")</script>`;
      const media = await ready(Buffer.concat([await picture(), Buffer.from(hidden)]));
      for (const { url } of media.renditions) expect((await load(url)).bytes.includes('<script')).toBe(false);
    });
  });

  describe('that is loaded', () => {
    it('may be kept for ever, and is not sent twice', async () => {
      const { url, id } = await ready(await picture());
      const { status, headers, bytes } = await load(url);
      expect([status, headers.get('cache-control'), headers.get('content-length')]).toEqual([
        ...[200, 'public, max-age=31536000, immutable', String(bytes.length)],
      ]);
      expect([headers.get('x-content-type-options'), headers.get('content-security-policy')]).toEqual([
        ...['nosniff', "default-src 'none'"],
      ]);
      const etag = headers.get('etag') ?? '';
      expect(etag).toBe(`"${createHash('sha256').update(bytes).digest('base64url')}"`);
      const again = await load(url, { headers: { 'if-none-match': `"other", W/${etag}` } });
      expect([again.status, again.bytes.length, again.headers.get('etag')]).toEqual([304, 0, etag]);
      expect(again.headers.get('cache-control')).toContain('immutable');
      expect((await load(url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
      const head = await load(url, { method: 'HEAD' });
      expect([head.status, head.bytes.length, head.headers.get('content-length')]).toEqual([
        ...[200, 0, String(bytes.length)],
      ]);
      expect([head.headers.get('etag'), head.headers.get('content-type')]).toEqual([etag, 'image/jpeg']);
      for (const path of [
        `${id}/full.png`,
        `${id}/original`,
        `${id}/..%2f..%2fsecret.key`,
        `${randomUUID()}/160.webp`,
      ])
        expect(await app.get(`/v1/media/${path}`)).toMatchObject({
          status: 404,
          body: { code: 'platform.not_found' },
        });
      expect((await app.get('/v1/media/nonsense/160.webp')).status).toBe(404);
      expect((await app.post(url, undefined)).status).toBe(405);
    });

    it('is read no faster than it is taken, and a reader who leaves takes nothing along', async () => {
      const noise = await sharp(randomBytes(1000 * 900 * 4), {
        raw: { width: 1000, height: 900, channels: 4 },
      })
        .png({ compressionLevel: 0 })
        .toBuffer();
      const media = await ready(noise, 'image/png');
      const readers = Array.from({ length: 8 }, async () => {
        const abort = new AbortController();
        const answer = await fetch(new URL(media.url, app.url), { signal: abort.signal });
        await answer.body?.getReader().read();
        abort.abort();
      });
      await Promise.all(readers);
      const folder = join(app.config.dataDir, 'files');
      const pointsTo = (fd: string): string => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`);
        } catch {
          return ''; // closed since it was listed
        }
      };
      const open = () => readdirSync('/proc/self/fd').filter((fd) => pointsTo(fd).startsWith(folder)).length;
      const { bytes } = await load(media.url);
      expect(bytes.length).toBeGreaterThan(3_000_000);
      for (let look = 0; look < 5_000 && open() > 0; look++) await wait(50);
      expect(open()).toBe(0);
    });
  });

  describe('of a product', () => {
    const handleOf = () => `pictured-${randomUUID()}`;
    const onPages = async (handle: string, id: string) => {
      const page = (await app.get(`/v1/products/${handle}`)).body;
      const list = (await app.get('/v1/products?sort=-createdAt&limit=100')).body.items;
      const item = list.find((one: { id: string }) => one.id === id);
      expect(item.media).toEqual(page.media);
      return page;
    };

    it('shows as soon as it is ready, on pages and lists, though they were read before', async () => {
      const workers = app.app.get(Workers);
      await workers.stop();
      const handle = handleOf();
      const plain = { url: 'https://cdn.example.test/a.jpg', alt: 'Elsewhere' };
      const elsewhere = { mediaId: null, ...plain, width: null, height: null, renditions: [] };
      let id = '';
      let product = '';
      try {
        id = await uploaded(await picture('jpeg', 700, 350), 'image/jpeg', '?alt=Its%20own');
        const made = await given.product(app, token, { handle, media: [{ mediaId: id }, plain] });
        product = made.id;
        expect((await app.get(`/v1/admin/products/${product}`, { token })).body.media).toEqual([
          {
            mediaId: id,
            state: 'pending',
            url: null,
            alt: 'Its own',
            width: null,
            height: null,
            renditions: [],
          },
          { state: null, ...elsewhere },
        ]);
        expect((await onPages(handle, product)).media).toEqual([elsewhere]);
      } finally {
        await workers.start({ schedules: false });
      }
      await app.settle();
      const { url, renditions } = await get(id);
      const shown = { mediaId: id, url, alt: 'Its own', width: 700, height: 350, renditions };
      expect((await onPages(handle, product)).media).toEqual([shown, elsewhere]);
      expect(renditions).toHaveLength(4);
      expect((await get(id)).used).toBe(true);

      const renamed = await app.patch(`/v1/admin/media/${id}`, { alt: 'A new word' }, { token });
      expect(renamed).toMatchObject({ status: 200, body: { alt: 'A new word', version: 3 } });
      await app.settle();
      expect((await onPages(handle, product)).media[0].alt).toBe('A new word');
      const own = { media: [plain, { mediaId: id, alt: 'Of the product' }] };
      await app.patch(`/v1/admin/products/${product}`, own, { token });
      expect((await onPages(handle, product)).media).toEqual([
        elsewhere,
        { ...shown, alt: 'Of the product' },
      ]);
      // What is left out stays.
      await app.patch(`/v1/admin/products/${product}`, { title: 'Other' }, { token });
      expect((await onPages(handle, product)).media).toHaveLength(2);
    });

    it('may be the one of a variant, as long as the product has it', async () => {
      const [one, two] = [await ready(await picture()), await ready(await picture())];
      const handle = handleOf();
      const variant = (mediaId?: string | null) => ({
        sku: randomUUID(),
        prices: [{ amount: 100, currency: 'EUR' }],
        ...(mediaId !== undefined && { mediaId }),
      });
      const product = await given.product(app, token, {
        handle,
        media: [{ mediaId: one.id }],
        variants: [variant(one.id)],
      });
      const path = `/v1/admin/variants/${product.variants[0].id}`;
      const mediaOf = async () => (await onPages(handle, product.id)).variants[0].mediaId;
      expect(await mediaOf()).toBe(one.id);
      expect(await app.patch(path, { mediaId: two.id }, { token })).toMatchObject({
        status: 422,
        body: { code: 'catalog.unknown_media', errors: [{ pointer: '/mediaId' }] },
      });
      const odd = { title: 'x', variants: [variant(), variant(two.id)] };
      expect((await app.post('/v1/admin/products', odd, { token })).body).toMatchObject({
        code: 'catalog.unknown_media',
        errors: [{ pointer: '/variants/1/mediaId' }],
      });
      const both = { media: [{ mediaId: two.id }, { mediaId: one.id }] };
      await app.patch(`/v1/admin/products/${product.id}`, both, { token });
      expect(await mediaOf()).toBe(one.id);
      expect((await app.patch(path, { mediaId: two.id }, { token })).status).toBe(200);
      expect(await mediaOf()).toBe(two.id);
      await app.patch(`/v1/admin/products/${product.id}`, { media: [{ mediaId: one.id }] }, { token });
      expect(await mediaOf()).toBe(null);
    });

    it('is there, once, and either uploaded or elsewhere', async () => {
      const id = await uploaded(await picture());
      const send = (media: object[]) =>
        app.post('/v1/admin/products', { title: 'x', media, variants: [{ sku: randomUUID() }] }, { token });
      expect((await send([{ url: '/a' }, { mediaId: randomUUID() }])).body).toMatchObject({
        ...{ status: 422, code: 'catalog.unknown_media', errors: [{ pointer: '/media/1/mediaId' }] },
      });
      for (const media of [[{}], [{ alt: 'x' }], [{ mediaId: id, url: '/a' }]])
        expect((await send(media)).body).toMatchObject({ status: 400, errors: [{ pointer: '/media/0' }] });
      expect((await send([{ mediaId: id }, { mediaId: id.toUpperCase() }])).status).toBe(400);
      expect((await send([{ mediaId: 'x' }])).status).toBe(400);
    });

    it('is not deleted while one has it, and goes with all its files afterwards', async () => {
      const media = await ready(await picture());
      const path = `/v1/admin/media/${media.id}`;
      const product = await given.product(app, token, { media: [{ mediaId: media.id }] });
      const refused = await app.delete(path, { token });
      expect(refused).toMatchObject({ status: 409, body: { code: 'catalog.media_in_use' } });
      await app.patch(`/v1/admin/products/${product.id}`, { media: [] }, { token });
      const stale = await app.delete(path, { token, headers: { 'if-match': '"1"' } });
      expect(stale).toMatchObject({ status: 412, body: { code: 'platform.stale_version' } });
      expect(stale.headers.get('etag')).toBe('"2"');
      expect((await app.delete(path, { token, headers: { 'if-match': '"2"' } })).status).toBe(204);
      for (const answer of [
        await app.get(path, { token }),
        await app.delete(path, { token }),
        await app.get(media.url),
      ])
        expect(answer.status).toBe(404);
      // Not at once: a worker may be about to put one more.
      await app.run('catalog.tidy_media');
      expect(filesOf(media.id)).toHaveLength(4);
      await tidyAll();
      expect(filesOf(media.id)).toEqual([]);
      expect(await count('media_leftovers')).toBe(0);
    });

    it('is deleted or taken up, never both', async () => {
      for (let round = 0; round < 8; round++) {
        const id = await uploaded(await picture('png', 20, 20), 'image/png');
        const body = { title: randomUUID(), media: [{ mediaId: id }], variants: [{ sku: randomUUID() }] };
        const [made, gone] = await Promise.all([
          app.post('/v1/admin/products', body, { token }),
          app.delete(`/v1/admin/media/${id}`, { token }),
        ]);
        expect([
          [201, 409],
          [422, 204],
        ]).toContainEqual([made.status, gone.status]);
      }
      await app.settle();
    });

    it('stays when a file of products names none, and goes when it names others', async () => {
      const media = await ready(await picture());
      const externalId = randomUUID();
      const product = await given.product(app, token, {
        externalId,
        media: [{ mediaId: media.id }, { url: '/old' }],
      });
      const load = async (extra: object) => {
        const line = {
          externalId,
          title: `T ${randomUUID()}`,
          handle: product.handle,
          status: 'published',
          ...extra,
        };
        const variants = [{ sku: product.variants[0].sku, prices: [{ amount: 100, currency: 'EUR' }] }];
        await app.post('/v1/admin/imports', JSON.stringify({ ...line, variants }), {
          token,
          headers: { 'content-type': 'application/x-ndjson' },
        });
        await app.settle();
        return (await onPages(product.handle, product.id)).media.map((one: { url: string }) => one.url);
      };
      expect(await load({})).toEqual([media.url]);
      expect(await load({ media: [{ url: '/new' }] })).toEqual(['/new']);
      expect((await app.delete(`/v1/admin/media/${media.id}`, { token })).status).toBe(204);
    });
  });

  it('that nobody uses for 30 days is deleted', async () => {
    const [used, unused, reused] = [await picture(), await picture(), await picture()];
    const ids = [await uploaded(used), await uploaded(unused), await uploaded(reused)];
    const [kept = '', gone = '', again = ''] = ids;
    const product = await given.product(app, token, { media: [{ mediaId: kept }] });
    await app.settle();
    const pass = async (days: number) => {
      app.clock.advance({ days });
      await app.run('catalog.tidy_media');
      const rows = await app.database.query<{ id: string }>(
        'SELECT id FROM catalog.media WHERE id = ANY ($1)',
        [ids],
      );
      return ids.filter((id) => rows.some((row) => row.id === id));
    };
    expect(await pass(0)).toEqual(ids);
    expect(await pass(29)).toEqual(ids);
    expect((await upload(reused)).status).toBe(200);
    expect(await pass(2)).toEqual([kept, again]);
    expect((await app.get(`/v1/admin/media/${gone}`, { token: await given.admin(app) })).status).toBe(404);
    token = await given.admin(app);
    await app.patch(`/v1/admin/products/${product.id}`, { media: [] }, { token });
    expect(await pass(20)).toEqual([kept, again]);
    expect(await pass(20)).toEqual([kept]);
    expect(await pass(20)).toEqual([]);
  });

  describe('in processes that die', () => {
    const folders: string[] = [];
    afterAll(() => RealProcess.sweep(folders));
    /** Another process of the same store. */
    const start = (settings: Record<string, string>) =>
      RealProcess.start({
        NODE_ENV: 'test',
        DATABASE_URL: app.config.databaseUrl ?? '',
        DATA_DIR: app.config.dataDir,
        SECRET_KEY: 'a secret that only the tests know, 32+',
        TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
        PUBLIC_URL: app.config.publicUrl,
        DEMO_STORE: 'off',
        ...settings,
      });
    const until = async (what: () => Promise<boolean>) => {
      for (let look = 0; look < 5_000 && !(await what()); look++) await wait(50);
      expect(await what()).toBe(true);
    };

    it('leaves no file behind that no row names, when it dies between the two', async () => {
      await tidyAll();
      const bytes = await picture();
      const before = files().length;
      const doomed = start({ ROLE: 'api', FAILPOINT: 'media.after_put' });
      const url = await doomed.url();
      const sent = fetch(`${url}/v1/admin/media`, {
        method: 'POST',
        body: new Uint8Array(bytes),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'image/jpeg' },
      });
      await expect(sent).rejects.toThrow();
      expect(await doomed.signal()).toBe('SIGKILL');
      expect([files().length, await count('media_leftovers')]).toEqual([before + 1, 1]);
      // An upload that is under way is left alone.
      await app.run('catalog.tidy_media');
      expect(files()).toHaveLength(before + 1);
      // Sent again, it is an upload like any other.
      const id = await uploaded(bytes);
      await tidyAll();
      expect(await count('media_leftovers')).toBe(0);
      await app.settle();
      expect(files()).toHaveLength(before + filesOf(id).length);
      expect((await load((await get(id)).url)).status).toBe(200);
    });

    it.each(['media.after_rendition_put', 'media.after_rendition'])(
      'goes on with the sizes that are missing, after %s',
      async (place) => {
        const workers = app.app.get(Workers);
        await workers.stop();
        const made = async (id: string) =>
          (
            await app.database.query<{ name: string }>(
              'SELECT name FROM catalog.media_renditions WHERE media_id = $1 ORDER BY width, name',
              [id],
            )
          ).map(({ name }) => name);
        try {
          const id = await uploaded(await picture('png', 1000, 1000), 'image/png');
          const doomed = start({ ROLE: 'worker', FAILPOINT: place });
          expect(await doomed.signal()).toBe('SIGKILL');
          expect(await made(id)).toEqual(place === 'media.after_rendition' ? ['160.webp'] : []);
          expect((await get(id)).state).toBe('pending');
          await workers.start({ schedules: false });
          // As if the lease of the dead worker had run out.
          await app.database.execute(
            `UPDATE catalog.media SET leased_until = now() - interval '1 minute' WHERE id = $1`,
            [id],
          );
          await app.run('catalog.resume_media');
          await until(async () => (await get(id)).state === 'ready');
          // Nor does it harm that the job of the dead one comes back.
          await app.database.execute(`UPDATE platform.deliveries SET enqueued_at = now() - interval '2 min'`);
          await app.run('platform.sweep_deliveries');
          await app.settle();
          expect(await get(id)).toMatchObject({ state: 'ready' });
          expect(await made(id)).toEqual(['160.webp', '480.webp', '960.webp', '1920.webp', 'full.jpg']);
          const [row] = await app.database.query<{ attempts: number }>(
            'SELECT attempts FROM catalog.media WHERE id = $1',
            [id],
          );
          expect(row?.attempts).toBe(2);
        } finally {
          await workers.stop();
          await workers.start({ schedules: false });
        }
      },
      60_000,
    );

    it('is made once by two workers', async () => {
      const workers = app.app.get(Workers);
      await workers.stop();
      const both = [start({ ROLE: 'worker' }), start({ ROLE: 'worker' })];
      try {
        await Promise.all(both.map((one) => one.url()));
        const bytes = await Promise.all(Array.from({ length: 10 }, () => picture('jpeg', 1200, 900)));
        const ids = await Promise.all(bytes.map((one) => uploaded(one)));
        // Told of twice, as after a job that was taken for lost.
        await app.database.execute(
          `INSERT INTO platform.events (id, type, payload)
           SELECT gen_random_uuid(), 'catalog.media_uploaded', jsonb_build_object('mediaId', id) FROM unnest($1::uuid[]) m (id)`,
          [ids],
        );
        const rows = () =>
          app.database.query<{ state: string; attempts: number; sizes: number }>(
            `SELECT state, attempts, (SELECT count(*)::int FROM catalog.media_renditions r WHERE r.media_id = m.id) AS sizes
             FROM catalog.media m WHERE id = ANY ($1)`,
            [ids],
          );
        await until(async () => (await rows()).every(({ state }) => state === 'ready'));
        expect(await rows()).toEqual(Array(10).fill({ state: 'ready', attempts: 1, sizes: 5 }));
      } finally {
        for (const one of both) await one.terminate();
        await workers.start({ schedules: false });
      }
      await app.settle();
    });
  });

  it('that cannot be made says why, and is tried again when somebody asks', async () => {
    const workers = app.app.get(Workers);
    await workers.stop();
    const bytes = await picture();
    const id = await uploaded(bytes);
    const key = filesOf(id)[0]?.replace(/^/, 'media/') ?? '';
    const store = app.app.get(ObjectStore);
    await store.delete(key);
    await workers.start({ schedules: false });
    await app.settle();
    expect(await get(id)).toMatchObject({ state: 'failed', url: null, renditions: [] });
    expect((await get(id)).failure).toContain('gone');
    const failed = (await app.get('/v1/admin/media?state=failed', { token })).body.items;
    expect(failed.map((one: { id: string }) => one.id)).toEqual([id]);
    await store.put(key, bytes, 'image/jpeg');
    const retry = () => app.post(`/v1/admin/media/${id}/retry`, undefined, { token });
    expect(await retry()).toMatchObject({ status: 202, body: { state: 'pending', failure: null } });
    await app.settle();
    expect(await get(id)).toMatchObject({ state: 'ready' });
    expect(await retry()).toMatchObject({ status: 409, body: { code: 'catalog.media_not_failed' } });
    const nowhere = await app.post(`/v1/admin/media/${randomUUID()}/retry`, undefined, { token });
    expect(nowhere.status).toBe(404);
  });

  it('touches no file inside a transaction, and none outside of its folder', async () => {
    const store = app.app.get(ObjectStore);
    const inside = app.database.transaction(() => store.put('media/x', Buffer.from('x'), 'text/plain'));
    await expect(inside).rejects.toThrow('transaction');
    for (const key of [
      '../x',
      'media/../../x',
      '/x',
      'a//b',
      '.parts/x',
      'a/.x',
      'A',
      '',
      'a\0b',
      'a\\..\\b',
    ])
      await expect(store.put(key, Buffer.from('x'), 'text/plain')).rejects.toThrow('no key');
  });
});

describe('media in a bucket', () => {
  let bucket: MemoryBucket;
  let app: TestApp;
  let token: string;
  beforeAll(async () => {
    bucket = await MemoryBucket.open();
    app = await startApp({ ...bucket.settings, MEDIA_BASE_URL: 'https://cdn.example.test/shop/' });
    token = await given.admin(app);
  });
  afterAll(async () => {
    await app?.close();
    await bucket?.close();
  });

  const upload = (bytes: Buffer, to = app, by = token) =>
    to.post('/v1/admin/media', bytes, { token: by, headers: { 'content-type': 'image/png' } });
  const get = async (id: string) => (await app.get(`/v1/admin/media/${id}`, { token })).body;

  it('is put, read and deleted there with a signature that holds', async () => {
    const bytes = await picture('png', 600, 400);
    const { id } = (await upload(bytes)).body;
    await app.settle();
    const media = await get(id);
    expect(media.state).toBe('ready');
    const kept = [...bucket.objects].map(([key, { type }]) => [key.replace(/.*-/, ''), type]);
    expect(kept).toEqual([
      ['original', 'image/png'],
      ['160.webp', 'image/webp'],
      ['480.webp', 'image/webp'],
      ['960.webp', 'image/webp'],
      ['full.jpg', 'image/jpeg'],
    ]);
    expect(bucket.seen.every((line) => line.endsWith(' 200'))).toBe(true);

    // Addresses begin with the CDN, which asks the store for the rest of them, on pages and lists.
    const product = await given.product(app, token, { media: [{ mediaId: id }] });
    const prefix = 'https://cdn.example.test/shop/v1/media/';
    expect(media.url).toBe(`${prefix}${id}/full.jpg`);
    const page = (await app.get(`/v1/products/${product.handle}`)).body;
    const { items } = (await app.get('/v1/products')).body;
    for (const { media: shown } of [page, ...items]) {
      expect(shown[0].url).toBe(media.url);
      for (const { url } of shown[0].renditions) expect(url.startsWith(prefix)).toBe(true);
    }
    const answer = await fetch(`${app.url}/v1/media/${id}/480.webp`);
    const served = Buffer.from(await answer.arrayBuffer());
    const [, stored] = [...bucket.objects].find(([key]) => key.endsWith('480.webp')) ?? [];
    expect(served.equals(stored?.bytes ?? Buffer.alloc(0))).toBe(true);
    expect(answer.headers.get('content-type')).toBe('image/webp');
    const asked = bucket.seen.length;
    const etag = answer.headers.get('etag') ?? '';
    expect(
      (await fetch(`${app.url}/v1/media/${id}/480.webp`, { headers: { 'if-none-match': etag } })).status,
    ).toBe(304);
    expect((await fetch(`${app.url}/v1/media/${id}/480.webp`, { method: 'HEAD' })).status).toBe(200);
    expect(bucket.seen).toHaveLength(asked);

    await app.patch(`/v1/admin/products/${product.id}`, { media: [] }, { token });
    await app.delete(`/v1/admin/media/${id}`, { token });
    await app.database.execute(`UPDATE catalog.media_leftovers SET due_at = now() - interval '1 s'`);
    await app.run('catalog.tidy_media');
    expect([...bucket.objects.keys()]).toEqual([]);
    expect(await app.app.get(ObjectStore).exists(`media/${id.slice(-2)}/${id}-original`)).toBe(false);
    await expect(app.database.transaction(() => app.app.get(ObjectStore).get('media/x'))).rejects.toThrow();
  });

  it('waits for a bucket that does not answer, and gives up so that somebody sees it', async () => {
    const bytes = await picture('png');
    bucket.refuse = 1;
    const refused = await upload(bytes);
    expect(refused).toMatchObject({ status: 503, body: { code: 'platform.unavailable' } });
    expect(refused.headers.get('retry-after')).toBe('5');
    const workers = app.app.get(Workers);
    await workers.stop();
    const { id } = (await upload(bytes)).body;
    bucket.refuse = 1;
    await workers.start({ schedules: false });
    await app.settle();
    expect(await get(id)).toMatchObject({ state: 'ready' });

    await workers.stop();
    const other = (await upload(await picture('png'))).body.id;
    // Four tries have failed before, over half an hour.
    await app.database.execute('UPDATE catalog.media SET attempts = 4 WHERE id = $1', [other]);
    bucket.refuse = 1_000;
    await workers.start({ schedules: false });
    await app.settle();
    bucket.refuse = 0;
    expect(await get(other)).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('store of files'),
    });
    expect((await app.post(`/v1/admin/media/${other}/retry`, undefined, { token })).status).toBe(202);
    await app.settle();
    expect(await get(other)).toMatchObject({ state: 'ready' });
  });

  it('is not read with a wrong secret, and nobody is told the right one', async () => {
    const wrong = await startApp({ ...bucket.settings, S3_SECRET_ACCESS_KEY: 'not-the-secret' });
    try {
      const answer = await upload(await picture('png'), wrong, await given.admin(wrong));
      expect(answer).toMatchObject({ status: 503, body: { code: 'platform.unavailable' } });
      expect(answer.text).not.toMatch(/secret|AKID|Signature/);
      expect(bucket.seen.at(-1)).toContain(' 403');
    } finally {
      await wrong.close();
    }
  });

  it('is looked at by the doctor', async () => {
    const run = (settings: Record<string, string>) =>
      RealProcess.run('src/platform/start/doctor.js', { DATA_DIR: app.config.dataDir, ...settings });
    expect((await run(bucket.settings)).output).toMatch(/ok +Files +in the bucket shop-files/);
    const ill = await run({ ...bucket.settings, S3_SECRET_ACCESS_KEY: 'not-the-secret' });
    expect(ill.output).toMatch(/fail +Files/);
    expect(ill.output).not.toContain('not-the-secret');
    const gateway = {
      DATABASE_URL: app.config.databaseUrl ?? '',
      TEST_GATEWAY_URL: app.config.testGatewayUrl ?? '',
    };
    const split = await run({ ROLE: 'api', ...gateway });
    expect(split.output).toMatch(/warn +Files .*S3_ENDPOINT/);
  });
});
