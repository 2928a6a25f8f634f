import { isUtf8 } from 'node:buffer';
import { FieldReader } from './field-reader.js';
import type { IncomingProduct, IncomingRow } from './incoming-product.js';
import { readProduct } from './product-record.js';

/** A line that is longer is refused instead of filling the memory. */
const MAX_LINE = 2 * 1024 * 1024;

/** Our own format: one product per line, all that `POST /v1/admin/products` takes. */
export async function* readNdjson(bytes: AsyncIterable<Buffer>): AsyncGenerator<IncomingRow> {
  let ordinal = 0;
  for await (const line of lines(bytes)) {
    if (line.text === '' && line.fault === null) continue;
    ordinal++;
    yield readLine(ordinal, line);
  }
}

function readLine(ordinal: number, { line, text, fault }: Line): IncomingRow {
  const reader = new FieldReader(line);
  let externalId: string | null = null;
  let product: IncomingProduct | null = null;
  if (fault !== null) {
    reader.fault('', ...fault);
  } else {
    try {
      product = readProduct(reader, JSON.parse(text));
      externalId = (product.externalId ?? product.handle) || null;
    } catch {
      reader.fault('', 'not_json', 'is not JSON');
    }
  }
  return {
    ordinal,
    line,
    externalId,
    product: reader.faults.length === 0 ? product : null,
    faults: reader.faults,
  };
}

interface Line {
  line: number;
  /** Without space around it; empty when it cannot be read. */
  text: string;
  /** Why it cannot be read. */
  fault: [code: string, message: string] | null;
}

/** Lines with their numbers. Memory holds one line and one chunk. */
async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let line = 1;
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const tooLong = size + end - start > MAX_LINE;
      yield lineOf(line, tooLong ? null : Buffer.concat([...rest, chunk.subarray(start, end)]));
      line++;
      rest = [];
      size = 0;
      start = end + 1;
    }
    const tail = chunk.subarray(start);
    size += tail.length;
    if (size <= MAX_LINE) rest.push(tail);
    else rest = [];
  }
  if (size > 0) yield lineOf(line, size > MAX_LINE ? null : Buffer.concat(rest));
}

/** Null is for one that is too long. */
function lineOf(line: number, bytes: Buffer | null): Line {
  if (bytes === null) return { line, text: '', fault: ['too_long', `is longer than ${MAX_LINE} bytes`] };
  // Guessing would put wrong letters into the shop.
  if (!isUtf8(bytes)) return { line, text: '', fault: ['not_utf8', 'is not UTF-8'] };
  // A byte order mark, which some programs begin a file with, is space to `trim`.
  return { line, text: bytes.toString('utf8').trim(), fault: null };
}
