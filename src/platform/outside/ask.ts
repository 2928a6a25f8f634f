export interface Asked {
  body: object;
  /** Goes as a bearer; null: none. */
  token: string | null;
  timeoutMs: number;
  /** Answers are small; a longer one is not read to its end. */
  mostBytes: number;
}

/**
 * Sends JSON to a service of somebody else and reads the JSON that it answers, from nowhere but the address that was meant. Throws
 * when there is no answer in time that can be read; what was sent is not in the error.
 */
export async function ask(url: string, { body, token, timeoutMs, mostBytes }: Asked): Promise<unknown> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'guildhall',
      ...(token !== null && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new Error(`answered ${answer.status}`);
  }
  return JSON.parse(await textOf(answer, mostBytes)) as unknown;
}

/** Counted while it comes: leaving the loop ends the connection. */
async function textOf({ body }: Response, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > mostBytes) throw new Error('answered too much');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
