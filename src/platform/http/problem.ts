/** What stands in the registry about one kind of failure. */
export interface ProblemKind {
  /** Stable, `module.snake_case`; what clients branch on. */
  code: string;
  status: number;
  title: string;
  /** When it happens. */
  meaning: string;
  /** What the caller can do about it. */
  remedy: string;
  /** Further members of its document (RFC 9457 3.2) by name; only these may be sent. */
  members?: Record<string, ProblemMember>;
  /** Any operation that asks for a permission may answer it: `granted` where one has to be given, `any` also for one's own account. */
  ofPermissions?: 'granted' | 'any';
  /** Headers that may come with it. */
  headers?: readonly ('ETag' | 'Retry-After')[];
}

/** A further member of a problem: its JSON Schema (`MoneyDto` and its like by `$ref`) and an example. */
export interface ProblemMember {
  description: string;
  schema: Readonly<Record<string, unknown>>;
  example: unknown;
}

const EXAMPLE_ID = '01933b5e-7b0a-7c3e-9c1f-2f1c5a6b7d8e';

/** The member that names a resource, such as `orderId`. */
export const idMember = (description: string, nullable = false): ProblemMember => ({
  description,
  schema: { type: nullable ? ['string', 'null'] : 'string', format: 'uuid' },
  example: EXAMPLE_ID,
});

/** One fault of the input: where it is (JSON Pointer into the body, or `/query/name`), what it is, in words. */
export interface FieldError {
  pointer: string;
  code: string;
  message: string;
}

interface Details {
  errors?: FieldError[];
  /** Seconds until another try makes sense; sent as `Retry-After`. */
  retryAfter?: number;
  headers?: Record<string, string>;
  /** Further members of the document (RFC 9457 3.2), such as `orderId`. */
  extra?: Record<string, unknown>;
}

/** A failure that the caller is told about as `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    detail: string | undefined,
    readonly details: Details = {},
  ) {
    super(detail ?? firstFault(details) ?? kind.meaning);
  }

  get code(): string {
    return this.kind.code;
  }

  get status(): number {
    return this.kind.status;
  }
}

/** When the thrower says where it is wrong and nothing more: the first of it. */
function firstFault({ errors: [first] = [] }: Details): string | undefined {
  return first && `${first.pointer.slice(1)} ${first.message}.`.trimStart();
}

/** Makes the problem; `kind` is what `@Operation({ problems })` documents. */
export interface ProblemFactory {
  (detail?: string, details?: Details): Problem;
  readonly kind: ProblemKind;
}

const registry = new Map<string, ProblemKind>();

/** Every kind of problem that this process can answer, by code: the source of OpenAPI and of `/problems/{code}`. */
export const problemRegistry: ReadonlyMap<string, ProblemKind> = registry;

/**
 * Declares the problems of one aggregate, in its `*.errors.ts`. The key becomes the code (`ordering.out_of_stock`);
 * `meaning` is the detail when the thrower has nothing more precise to say.
 */
export function defineProblems<K extends string>(
  module: string,
  kinds: Record<K, Omit<ProblemKind, 'code'>>,
): Record<K, ProblemFactory> {
  const made = Object.entries<Omit<ProblemKind, 'code'>>(kinds).map(([name, kind]) => {
    const whole: ProblemKind = { code: `${module}.${name}`, ...kind };
    if (registry.has(whole.code)) throw new Error(`the problem ${whole.code} is declared twice`);
    registry.set(whole.code, whole);
    const factory = (detail?: string, details?: Details) => new Problem(whole, detail, details);
    return [name, Object.assign(factory, { kind: whole })] as const;
  });
  return Object.fromEntries(made) as Record<K, ProblemFactory>;
}

/** What can go wrong with any request, whatever it is about. */
export const platformProblems = defineProblems('platform', {
  invalid_input: {
    status: 400,
    title: 'The input is not valid',
    meaning:
      'The body, the query or the path has the wrong shape, a value out of range or an unknown property.',
    remedy: 'Correct what `errors` points at; each entry names the place by JSON Pointer.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not valid',
    meaning: 'The cursor was not made by this server, or belongs to another list or sort order.',
    remedy:
      'Pass `nextCursor` of the page before, unchanged and with the same filters and sort, or start without one.',
  },
  idempotency_key_required: {
    status: 400,
    title: 'Idempotency-Key is missing or malformed',
    meaning: 'The operation moves money, stock or orders and must be safe to repeat.',
    remedy:
      'Send `Idempotency-Key` with 16 to 255 characters, for example a UUID, and the same one when you repeat.',
  },
  unauthorized: {
    status: 401,
    title: 'Not signed in',
    meaning:
      'The operation needs a valid access token; there was none, or it is expired, revoked or not ours.',
    remedy: 'Sign in or refresh, and send `Authorization: Bearer …`.',
  },
  proof_required: {
    status: 401,
    title: 'Prove again who you are',
    meaning: 'The operation is sensitive, and the last proof of who you are is too old or too weak for it.',
    remedy: 'Send your password or second factor to `POST /v1/auth/step-up` and repeat with the new token.',
  },
  impersonation_forbidden: {
    status: 403,
    title: 'Not in the name of somebody else',
    meaning: 'Whoever acts in the place of a customer may not do this.',
    remedy: 'Ask the customer to do it.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    meaning: 'You are signed in, but lack the permission that this operation asks for.',
    remedy:
      'Ask an administrator for a role that has the permission named in the reference as `x-permissions`.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'There is nothing here, or it is not yours to see.',
    remedy: 'Check the id and who you are signed in as; guests send `X-Cart-Token`.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The path exists, but not with this method.',
    remedy: 'Use one of the methods in the `Allow` header.',
  },
  conflict: {
    status: 409,
    title: 'Conflict with the present state',
    meaning: 'Something that must be unique exists already, or is still in use.',
    remedy: 'Read the present state and decide again.',
  },
  idempotency_in_flight: {
    status: 409,
    headers: ['Retry-After'],
    title: 'The first request with this key is still running',
    meaning: 'Another request with the same Idempotency-Key has not been answered yet.',
    remedy: 'Repeat after `Retry-After` with the same key and body; you will get the answer of the first.',
  },
  stale_version: {
    status: 412,
    headers: ['ETag'],
    title: 'Changed by somebody else',
    meaning: 'The version in `If-Match` is not the present one.',
    remedy: 'Read the resource again, apply your change to it and send the new `ETag`.',
  },
  too_large: {
    status: 413,
    title: 'Too large',
    meaning: 'The body is larger than this operation takes.',
    remedy: 'Send less at once.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported content type',
    meaning: 'The operation does not take this content type.',
    remedy: 'Send `Content-Type: application/json` unless the reference says otherwise.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'Idempotency-Key used for something else',
    meaning: 'The key came before with another body.',
    remedy: 'Make a new key for each new intent; repeat a key only with the same body.',
  },
  too_many_requests: {
    status: 429,
    headers: ['Retry-After'],
    title: 'Too many requests',
    meaning: 'A limit was reached.',
    remedy: 'Wait as long as `Retry-After` says.',
  },
  internal_error: {
    status: 500,
    title: 'Our fault',
    meaning: 'Something failed that should not have.',
    remedy: 'Repeat with the same Idempotency-Key; when it stays, report the `requestId`.',
  },
  unavailable: {
    status: 503,
    headers: ['Retry-After'],
    title: 'Not ready',
    meaning: 'A part that this operation needs is away or overloaded for the moment. Nothing was changed.',
    remedy: 'Repeat after `Retry-After`, with the same Idempotency-Key.',
  },
});

/** What stands in every document of a problem, wherever it is sent (RFC 9457). */
export function problemDocument({ kind, message, details }: Problem): Record<string, unknown> {
  return {
    // Further members first: none of them may stand in for those of the standard.
    ...details.extra,
    type: `/problems/${kind.code}`,
    title: kind.title,
    status: kind.status,
    detail: message,
    code: kind.code,
    ...(details.errors && { errors: details.errors }),
  };
}
