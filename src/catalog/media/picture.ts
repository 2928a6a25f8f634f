import { open } from 'node:fs/promises';
import type { Sharp, SharpOptions } from 'sharp';
import { mediaProblems } from './media.errors.js';

/** What an upload may be. */
export const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif'] as const;
export type PictureType = (typeof PICTURE_TYPES)[number];

/** A size that pages show. */
export interface Rendition {
  /** Last part of its address, and of its key in the store. */
  name: string;
  width: number;
  height: number;
  contentType: string;
  bytes: Buffer;
}

/** Widths in pixels that pages choose from. */
const WIDTHS = [160, 480, 960, 1920] as const;
const LARGEST = 1920;
/** Longer than this and no WebP can be made of it. */
const MAX_SIDE = 16_383;
/** Every file that there may be of a picture beside its original. */
export const RENDITION_NAMES = [...WIDTHS.map((width) => `${width}.webp`), 'full.jpg', 'full.png'];
/** A picture that takes longer was made to. */
const PATIENCE_SECONDS = 30;

type Library = typeof import('sharp').default;
let library: Promise<Library> | undefined;

/** Loaded with the first picture: its decoders are as much memory as a third of the application. */
function sharpLibrary(): Promise<Library> {
  library ??= import('sharp').then(({ default: sharp }) => {
    // Memory that a decoder keeps for the next picture is memory that the shop does not have; two threads are enough for one.
    sharp.cache(false);
    sharp.concurrency(2);
    // Only the decoders of what is taken: the others are never asked, whatever a file pretends to be.
    sharp.block({ operation: ['VipsForeignLoad'] });
    sharp.unblock({
      operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'].map((type) => `VipsForeignLoad${type}`),
    });
    return sharp;
  });
  return library;
}

/** What the first bytes of a file say that it is; null when it is nothing that is taken. */
export function typeOfBytes(head: Buffer): PictureType | 'image/svg+xml' | null {
  const at = (start: number, end: number) => head.toString('latin1', start, end);
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (at(0, 8) === '\x89PNG\r\n\x1a\n') return 'image/png';
  if (at(0, 4) === 'RIFF' && at(8, 12) === 'WEBP') return 'image/webp';
  if (/^GIF8[79]a$/.test(at(0, 6))) return 'image/gif';
  if (at(4, 8) === 'ftyp' && /avi[fs]/.test(at(8, 64))) return 'image/avif';
  // Also in UTF-16, where every other byte is NUL.
  const text = head.toString('latin1').replace(/[\0\s]|^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/g, '');
  return text.startsWith('<') && /<svg/i.test(text) ? 'image/svg+xml' : null;
}

/**
 * Looks at the bytes of a file, whatever anybody said of them, and refuses what is not `declared`:
 * `catalog.svg_refused`, `catalog.picture_type_differs`, `catalog.broken_picture`.
 */
export async function checkType(path: string, declared: string): Promise<PictureType> {
  const file = await open(path);
  const head = Buffer.alloc(4_096);
  const { bytesRead } = await file.read(head, 0, head.length, 0).finally(() => file.close());
  const type = typeOfBytes(head.subarray(0, bytesRead));
  if (type === 'image/svg+xml' || declared === 'image/svg+xml') throw mediaProblems.svg_refused();
  if (type === null) throw mediaProblems.broken_picture();
  if (type !== declared) throw mediaProblems.picture_type_differs(`The bytes are ${type}.`);
  return type;
}

/**
 * Decodes the whole picture once, small, so that damage is found while whoever sent it still listens. Answers its size as
 * it is looked at. `catalog.broken_picture`, `catalog.too_many_pixels` (`maxPixels`, or a side beyond 16,383).
 */
export async function measure(
  path: string,
  type: PictureType,
  maxPixels: number,
): Promise<{ width: number; height: number }> {
  const sharp = await sharpLibrary();
  // Sizes stand in the header: a bomb is known before a pixel of it is unpacked.
  const { format, compression, autoOrient } = await reading(() =>
    sharp(path, { limitInputPixels: false }).metadata(),
  );
  const found = format === 'heif' && compression === 'av1' ? 'avif' : format;
  if (`image/${found}` !== type) throw mediaProblems.broken_picture();
  const { width, height } = autoOrient;
  if (width * height > maxPixels || Math.max(width, height) > MAX_SIDE)
    throw mediaProblems.too_many_pixels(
      `It has ${width} × ${height} pixels; at most ${maxPixels} are taken, and none of its sides longer than ${MAX_SIDE}.`,
    );
  await alone(() => decoder(sharp, path, maxPixels).resize({ width: 32 }).raw().toBuffer());
  return { width, height };
}

/**
 * The sizes of a picture, one after the other, without those that `has` tells of: WebP at each width that is not larger
 * than the picture, or at its own, and the largest also as JPEG, or PNG where something shines through. Nothing but pixels
 * goes over: no place, no camera, no thumbnail, no bytes hidden behind the picture.
 */
export async function* renditionsOf(
  original: Buffer,
  maxPixels: number,
  has: (name: string) => boolean,
): AsyncGenerator<Rendition> {
  const sharp = await sharpLibrary();
  // The one large decoding; the smaller sizes are made of the largest.
  const { data, info } = await alone(() =>
    decoder(sharp, original, maxPixels)
      .autoOrient()
      .toColourspace('srgb')
      .resize({ width: LARGEST, withoutEnlargement: true })
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  const { width: full, height, channels } = info;
  const pixels = () => sharp(data, { raw: { width: full, height, channels } });
  const made = async (name: string, contentType: string, picture: Sharp): Promise<Rendition> => {
    const { data: bytes, info: size } = await picture.toBuffer({ resolveWithObject: true });
    return { name, width: size.width, height: size.height, contentType, bytes };
  };
  const next = WIDTHS.find((width) => width >= full) ?? LARGEST;
  for (const width of WIDTHS.filter((one) => one <= next)) {
    if (has(`${width}.webp`)) continue;
    const picture = pixels().resize({ width, withoutEnlargement: true }).webp({ quality: 80 });
    yield await made(`${width}.webp`, 'image/webp', picture);
  }
  const opaque = channels === 3 || (await pixels().stats()).isOpaque;
  const name = opaque ? 'full.jpg' : 'full.png';
  if (has(name)) return;
  const flat = pixels().removeAlpha().jpeg({ quality: 82, progressive: true });
  yield await (opaque ? made(name, 'image/jpeg', flat) : made(name, 'image/png', pixels().png()));
}

function decoder(sharp: Library, input: string | Buffer, limitInputPixels: number): Sharp {
  const options: SharpOptions = { limitInputPixels, failOn: 'error', sequentialRead: true };
  return sharp(input, options).timeout({ seconds: PATIENCE_SECONDS });
}

/** The end of the picture that is being decoded in this process. */
let decoding: Promise<unknown> = Promise.resolve();

/** One at a time: the pixels of two large pictures at once are more memory than a shop may have. */
function alone<T>(work: () => Promise<T>): Promise<T> {
  const result = decoding.then(() => reading(work));
  decoding = result.catch(() => undefined);
  return result;
}

/** The library's own words are not for whoever sent the picture. */
async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    throw mediaProblems.broken_picture();
  }
}
