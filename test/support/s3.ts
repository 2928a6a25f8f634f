import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/** A bucket in memory behind HTTP, which lets in nobody whose AWS Signature Version 4 it does not come to by itself. */
export class MemoryBucket {
  static readonly key = {
    id: 'AKIDTESTKEY',
    secret: 'a secret/that+only=the bucket knows'.replaceAll(' ', '-'),
  };
  readonly objects = new Map<string, { bytes: Buffer; type: string }>();
  /** Requests by method and key, as they were answered. */
  readonly seen: string[] = [];
  /** How many requests are refused from now on, as by a store that is overloaded. */
  refuse = 0;

  private constructor(
    private readonly server: Server,
    readonly region: string,
    readonly name: string,
  ) {}

  static async open(region = 'eu-test-1', name = 'shop-files'): Promise<MemoryBucket> {
    const server = createServer();
    const bucket = new MemoryBucket(server, region, name);
    server.on('request', (request, response) => {
      void bucket.answer(request).then(({ status, bytes = Buffer.alloc(0), type = 'application/xml' }) => {
        bucket.seen.push(`${request.method} ${request.url} ${status}`);
        response.writeHead(status, { 'content-type': type, 'content-length': bytes.length });
        response.end(request.method === 'HEAD' ? undefined : bytes);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return bucket;
  }

  get settings(): Record<string, string> {
    return {
      S3_ENDPOINT: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      S3_REGION: this.region,
      S3_BUCKET: this.name,
      S3_ACCESS_KEY_ID: MemoryBucket.key.id,
      S3_SECRET_ACCESS_KEY: MemoryBucket.key.secret,
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; bytes?: Buffer; type?: string }> {
    const bytes = await buffer(request);
    const fault = this.faultOf(request);
    const error = (status: number, code: string) => ({
      status,
      bytes: Buffer.from(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`),
    });
    if (fault !== null) return error(403, fault);
    if (this.refuse > 0) {
      this.refuse--;
      return error(503, 'SlowDown');
    }
    const [, bucket, ...rest] = new URL(request.url ?? '', 'http://s3').pathname.split('/');
    const key = rest.join('/');
    if (bucket !== this.name) return error(404, 'NoSuchBucket');
    if (request.method === 'PUT') {
      this.objects.set(key, { bytes, type: request.headers['content-type'] ?? '' });
      return { status: 200 };
    }
    if (request.method === 'DELETE') {
      this.objects.delete(key);
      return { status: 204 };
    }
    const found = this.objects.get(key);
    if (key === '') return { status: 200 };
    return found ? { status: 200, ...found } : error(404, 'NoSuchKey');
  }

  /** What is wrong with the signature, by the steps of the AWS documents; null when nothing is. */
  private faultOf({ method, url, headers }: IncomingMessage): string | null {
    const [, key = '', date = '', region = '', signed = '', signature = ''] =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([\da-f]{64})$/.exec(
        headers.authorization ?? '',
      ) ?? [];
    const at = String(headers['x-amz-date']);
    const names = signed.split(';');
    if (key !== MemoryBucket.key.id) return 'InvalidAccessKeyId';
    if (region !== this.region || !at.startsWith(date)) return 'AuthorizationHeaderMalformed';
    if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.includes(name)))
      return 'AccessDenied';
    const { pathname, searchParams } = new URL(url ?? '', 'http://s3');
    searchParams.sort();
    const canonical = [
      method,
      pathname,
      searchParams.toString(),
      ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
      '',
      signed,
      headers['x-amz-content-sha256'],
    ].join('\n');
    const scope = `${date}/${region}/s3/aws4_request`;
    const key1 = hmac(`AWS4${MemoryBucket.key.secret}`, date);
    const signing = hmac(hmac(hmac(key1, region), 's3'), 'aws4_request');
    const expected = hmac(signing, ['AWS4-HMAC-SHA256', at, scope, hash(canonical)].join('\n'));
    return expected.toString('hex') === signature ? null : 'SignatureDoesNotMatch';
  }
}
