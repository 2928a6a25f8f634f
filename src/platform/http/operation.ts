import { applyDecorators, Header, HttpCode, SetMetadata, UseInterceptors } from '@nestjs/common';
import {
  ApiExtension,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { AnswerHeadersInterceptor } from './answer-headers.interceptor.js';
import {
  IDEMPOTENCY,
  IdempotencyInterceptor,
  type IdempotencyMode,
  needsKey,
} from './idempotency.interceptor.js';
import { isPage, NextLinkInterceptor } from './page.js';
import { platformProblems, type ProblemFactory } from './problem.js';

type Dto = new (...args: never[]) => object;
type Answer = Dto | Dto[] | null | { contentType: string; description: string };

export const OPERATION = 'guildhall:operation';

export interface OperationOptions {
  /** verbNoun, unique: the name of the function in every client. */
  id: string;
  summary: string;
  /** What it does, in which units, what its statuses mean and how to go on; Markdown. */
  description: string;
  /** Status to DTO (null: no body; several: one of them). The first is what the handler answers when it does not say otherwise. */
  answers: Record<number, Answer>;
  /** What can go wrong beyond what goes wrong everywhere; of another module by its code. */
  problems?: (ProblemFactory | string)[];
  /** It answers `RateLimit` and `RateLimit-Policy`. */
  rateLimited?: boolean;
  /** The handler returns ready JSON text. */
  rawJson?: boolean;
  /** See `IdempotencyInterceptor`. */
  idempotency?: IdempotencyMode;
  /**
   * `ETag`: of the `version` in the answer, unless the handler sets another. `Location`: where the handler sends the
   * browser.
   */
  headers?: ('ETag' | 'Location')[];
  /** Where what was made is read, sent as `Location`: a path with `{id}` for the id in the answer. */
  location?: string;
  /** The whole body of a request that works, where the examples of its fields do not make one. */
  example?: object | string;
}

const STATUS_TEXT: Record<number, string> = {
  200: 'Done.',
  201: 'Made.',
  202: 'Accepted; it goes on.',
  204: 'Done; no body.',
  302: 'Go on at `Location`.',
};

/** Everything that the document says about an operation, in one place beside its handler. */
export function Operation(options: OperationOptions): MethodDecorator {
  const { id, summary, description, answers, problems = [], idempotency, headers = [], location } = options;
  const statuses = Object.keys(answers).map(Number);
  // Ready text has an ETag of its bytes, or of none.
  const tellsEtag =
    headers.includes('ETag') &&
    !options.rawJson &&
    Object.values(answers).every((answer) => typeof answer === 'function');
  const keyed = idempotency === undefined ? [] : idempotencyProblems(idempotency);
  return applyDecorators(
    ApiOperation({ operationId: id, summary, description }),
    SetMetadata(OPERATION, id),
    HttpCode(statuses[0] ?? 200),
    ...statuses.map((status) => answerOf(status, answers[status] ?? null)),
    ApiExtension(
      'x-problems',
      [
        ...new Set(
          [...problems, ...keyed].map((problem) =>
            typeof problem === 'string' ? problem : problem.kind.code,
          ),
        ),
      ].sort(),
    ),
    ApiExtension('x-sends', {
      headers: [...headers, ...(location === undefined ? [] : ['Location'])],
      idempotency: idempotency ?? null,
    }),
    ...(tellsEtag || location !== undefined
      ? [UseInterceptors(new AnswerHeadersInterceptor(location ?? null, tellsEtag))]
      : []),
    ...(options.example === undefined ? [] : [ApiExtension('x-example', options.example)]),
    ...(Object.values(answers).some(isPage) ? [UseInterceptors(NextLinkInterceptor)] : []),
    ...(options.rateLimited ? [ApiExtension('x-rate-limited', true)] : []),
    ...(options.rawJson ? [Header('content-type', 'application/json; charset=utf-8')] : []),
    ...(idempotency === undefined
      ? []
      : [
          SetMetadata(IDEMPOTENCY, { mode: idempotency, operation: id }),
          UseInterceptors(IdempotencyInterceptor),
          ApiHeader({
            name: 'Idempotency-Key',
            required: needsKey(idempotency),
            description:
              '16 to 255 characters, new for each intent; a repeat with the same key gets the first answer.',
            schema: { type: 'string', minLength: 16, maxLength: 255 },
            example: '5f1c6a0e-8a4e-4b0e-9d53-0f5a6a3c9b11',
          }),
        ]),
  );
}

function answerOf(status: number, answer: Answer): MethodDecorator {
  const description = STATUS_TEXT[status] ?? 'Answered.';
  if (answer === null) return ApiResponse({ status, description });
  if (Array.isArray(answer)) {
    const oneOf = answer.map((dto) => ({ $ref: getSchemaPath(dto) }));
    return applyDecorators(
      ApiExtraModels(...answer),
      ApiResponse({ status, description, schema: { oneOf } }),
    );
  }
  if (typeof answer === 'function') return ApiResponse({ status, description, type: answer });
  return ApiResponse({
    status,
    description: answer.description,
    content: { [answer.contentType]: { schema: { type: 'string' } } },
  });
}

function idempotencyProblems(mode: IdempotencyMode): ProblemFactory[] {
  const common = [platformProblems.idempotency_in_flight, platformProblems.idempotency_key_reused];
  return needsKey(mode) ? [platformProblems.idempotency_key_required, ...common] : common;
}
