import { Injectable } from '@nestjs/common';
import { platformProblems } from '../../platform/http/problem.js';
import { ApiKeyAccess } from '../api-key/api-key-access.service.js';
import type { KeyStanding } from '../api-key/api-key.repository.js';
import { identityProblems } from '../identity.errors.js';

/** What a program has shown of itself. */
export interface ShownClient {
  authorization: string | undefined;
  client_id?: string;
  client_secret?: string;
  ip: string;
}

/** Finds out which program asks: by the id of its key and the key itself (RFC 6749 2.3.1). */
@Injectable()
export class OAuthClients {
  constructor(private readonly keys: ApiKeyAccess) {}

  /** 401 `invalid_client` for everything that is not right; 400 for what comes in two ways at once. */
  async authenticate({ authorization, client_id, client_secret, ip }: ShownClient): Promise<KeyStanding> {
    const basic = readBasic(authorization);
    if (basic && client_secret !== undefined)
      throw platformProblems.invalid_input('The key came in two ways at once.', {
        errors: [{ pointer: '/client_secret', code: 'twice', message: 'came by Basic authentication too' }],
      });
    const [id, key] = basic ?? [client_id, client_secret];
    const standing = key === undefined ? null : await this.keys.byKey(key, ip);
    if (!standing || standing.id !== id || (client_id !== undefined && client_id !== id)) throw refused();
    return standing;
  }
}

const refused = () =>
  identityProblems.invalid_client(undefined, { headers: { 'WWW-Authenticate': 'Basic realm="oauth"' } });

/** Both parts were written like those of a form before they were joined. Null when another way was taken. */
function readBasic(authorization: string | undefined): [id: string, key: string] | null {
  const coded = /^Basic +([\w+/=-]+)$/i.exec(authorization ?? '')?.[1];
  if (coded === undefined) return null;
  const text = Buffer.from(coded, 'base64').toString('utf8');
  const at = text.indexOf(':');
  const [id = '', key = ''] = [text.slice(0, at), text.slice(at + 1)].map((part) => {
    const plain = new URLSearchParams(`p=${part.replaceAll('&', '%26')}`).get('p');
    return plain ?? '';
  });
  return [id, key];
}
