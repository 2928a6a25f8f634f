import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  IsUrl,
  IsUUID,
  isISO31661Alpha2,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { isCurrency } from '../money/currencies.js';
import { MAX_PRICE } from '../money/money.js';

/**
 * One word per field of a DTO: the check and the OpenAPI schema together, so that they cannot differ. They serve
 * bodies, queries (where numbers and booleans arrive as text) and answers alike.
 */
export interface FieldOptions {
  description?: string;
  example?: unknown;
  /** May be left out. */
  optional?: boolean;
  /** May be null; in a PATCH, null deletes. */
  nullable?: boolean;
}

type Constructor = abstract new (...args: never[]) => object;

function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  ...rules: PropertyDecorator[]
): PropertyDecorator {
  const { description, example, optional, nullable } = options;
  const presence: PropertyDecorator[] = [];
  if (optional && nullable) presence.push(IsOptional());
  else if (optional) presence.push(ValidateIf((_, value) => value !== undefined));
  else if (nullable) presence.push(ValidateIf((_, value) => value !== null));
  return applyDecorators(
    ApiProperty({
      ...schema,
      ...(description !== undefined && { description }),
      ...(example !== undefined && { example }),
      required: !optional,
      ...(nullable && { nullable: true }),
    } as ApiPropertyOptions),
    ...presence,
    ...rules,
  );
}

/** Text of bounded length, trimmed of nothing: what came is what is kept. */
export function Text(
  options: FieldOptions & { max: number; min?: number; pattern?: RegExp; patternHint?: string },
) {
  const { max, min = 1, pattern, patternHint } = options;
  const rules: PropertyDecorator[] = [IsString(), Length(min, max)];
  if (pattern) rules.push(Matches(pattern, patternHint ? { message: patternHint } : undefined));
  return field(
    options,
    { type: 'string', minLength: min, maxLength: max, ...(pattern && { pattern: pattern.source }) },
    ...rules,
  );
}

export function Integer(options: FieldOptions & { min: number; max: number; default?: number }) {
  const { min, max } = options;
  return field(
    options,
    {
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(options.default !== undefined && { default: options.default }),
    },
    // A query gives text; a body must give a number, which `IsInt` then demands of everything that is not digits.
    Transform(({ value, obj }) =>
      isQuery(obj) && /^-?\d{1,15}$/.test(String(value)) ? Number(value) : value,
    ),
    IsInt(),
    Min(min),
    Max(max),
  );
}

export function Bool(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'boolean' },
    Transform(({ value, obj }) =>
      isQuery(obj) && (value === 'true' || value === 'false') ? value === 'true' : value,
    ),
    IsBoolean(),
  );
}

/** A UUID however it is written (RFC 9562 4); kept in lower case, as PostgreSQL gives it back and ids are compared. */
export function Uuid(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'string', format: 'uuid' },
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    IsUUID(),
  );
}

export function Email(options: FieldOptions = {}) {
  return field(
    { example: 'ada@example.test', ...options },
    { type: 'string', format: 'email', maxLength: 254 },
    IsEmail(),
    Length(3, 254),
  );
}

export function OneOf(values: readonly string[], options: FieldOptions = {}) {
  return field(options, { type: 'string', enum: [...values] }, IsIn([...values]));
}

/** RFC 3339 with the zones that exist. ISO 8601 knows weeks, days of the year and more, which PostgreSQL does not read. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,9})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/** A point in time, RFC 3339 with zone; stays text in the DTO. */
export function Instant(options: FieldOptions = {}) {
  return field(
    { example: '2026-11-21T10:00:00.000Z', ...options },
    { type: 'string', format: 'date-time' },
    IsISO8601({ strict: true }),
    Matches(INSTANT, {
      message: 'must be a date and time with zone, such as 2026-11-21T10:00:00Z',
    }),
  );
}

export function CurrencyCode(options: FieldOptions = {}) {
  return field(
    { example: 'EUR', ...options },
    { type: 'string', pattern: '^[A-Z]{3}$' },
    ValidateBy({
      name: 'isCurrency',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isCurrency(value),
        defaultMessage: () => '$property must be an ISO 4217 currency code such as EUR',
      },
    }),
  );
}

export function CountryCode(options: FieldOptions = {}) {
  return field(
    { example: 'DE', ...options },
    { type: 'string', pattern: '^[A-Z]{2}$' },
    Matches(/^[A-Z]{2}$/, { message: 'must be an ISO 3166 country code such as DE' }),
    IsISO31661Alpha2(),
  );
}

/** Countries that something holds for, each once; `*` is everywhere else. */
export function CountryList(options: FieldOptions = {}) {
  const isCountry = (value: unknown) =>
    value === '*' || (typeof value === 'string' && /^[A-Z]{2}$/.test(value) && isISO31661Alpha2(value));
  return field(
    { description: 'ISO 3166 codes; `*` is everywhere else.', example: ['IS'], ...options },
    {
      type: 'array',
      items: { type: 'string', pattern: '^([A-Z]{2}|[*])$' },
      maxItems: 250,
      uniqueItems: true,
    } as ApiPropertyOptions,
    ValidateBy({
      name: 'isCountryList',
      validator: {
        validate: (value: unknown) =>
          Array.isArray(value) && value.every(isCountry) && new Set(value).size === value.length,
        defaultMessage: () =>
          '$property must be a list of ISO 3166 country codes such as DE, or *, each once',
      },
    }),
  );
}

export function Url(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'string', format: 'uri', maxLength: 2048 },
    Length(1, 2048),
    IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false }),
  );
}

/** Text to text (or to anything): attributes, option choices, metadata. At most 250 keys. */
export function Dictionary(options: FieldOptions & { values: 'string' | 'any' }) {
  const fits = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length <= 250 &&
    Object.entries(value).every(
      ([key, item]) =>
        key.length <= 100 && (options.values === 'any' || (typeof item === 'string' && item.length <= 2000)),
    );
  return field(
    options,
    { type: 'object', additionalProperties: options.values === 'string' ? { type: 'string' } : true },
    IsObject(),
    ValidateBy({
      name: 'dictionary',
      validator: {
        validate: fits,
        defaultMessage: () =>
          options.values === 'string'
            ? '$property must have at most 250 keys and text values of at most 2,000 characters'
            : '$property must have at most 250 keys',
      },
    }),
  );
}

/** Another DTO in its place. */
export function Nested(type: () => Constructor, options: FieldOptions = {}) {
  return field(
    options,
    nestedSchema(type, options),
    IsObject(),
    ValidateNested(),
    Type(type as () => new () => object),
  );
}

/** `uniqueBy` names a property that no two items share; those without it are all different. */
export function ListOf(
  type: () => Constructor,
  options: FieldOptions & { max: number; min?: number; uniqueBy?: string },
) {
  const { max, min = 0, uniqueBy } = options;
  return field(
    options,
    {
      // Swagger knows a lazy type by the name `type` of the function.
      type: () => type(),
      isArray: true,
      maxItems: max,
      ...(min > 0 && { minItems: min }),
    } as ApiPropertyOptions,
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(max),
    // `each` wants objects: without this a list of texts would pass as a list of empty objects.
    IsObject({ each: true }),
    ValidateNested({ each: true }),
    ...(uniqueBy === undefined
      ? []
      : [
          ArrayUnique((item: Record<string, unknown>) => item[uniqueBy] ?? item, {
            message: `$property must not hold the same ${uniqueBy} twice`,
          }),
        ]),
    Type(type as () => new () => object),
  );
}

export function TextList(
  options: FieldOptions & { max: number; maxLength: number; values?: readonly string[] },
) {
  const { max, maxLength, values } = options;
  return field(
    options,
    {
      type: 'array',
      items: { type: 'string', maxLength, ...(values && { enum: [...values] }) },
      maxItems: max,
    } as ApiPropertyOptions,
    IsArray(),
    ArrayMaxSize(max),
    IsString({ each: true }),
    Length(1, maxLength, { each: true }),
    ...(values ? [IsIn([...values], { each: true })] : []),
  );
}

export function UuidList(options: FieldOptions & { max: number }) {
  return field(
    options,
    { type: 'array', items: { type: 'string', format: 'uuid' }, maxItems: options.max } as ApiPropertyOptions,
    IsArray(),
    ArrayMaxSize(options.max),
    IsUUID(undefined, { each: true }),
  );
}

/** Money on the wire: minor units and ISO 4217 code. */
export class MoneyDto {
  @Integer({
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    example: 1999,
    description: 'Minor units (cents).',
  })
  amount: number;

  @CurrencyCode()
  currency: string;
}

/** What somebody asks for a thing: not negative, and bounded so that no sum of them leaves the numbers of JSON. */
export class AskingPriceDto extends MoneyDto {
  @Integer({ min: 0, max: MAX_PRICE, example: 1999, description: 'Minor units (cents).' })
  declare amount: number;
}

export function AskingPrice(options: FieldOptions = {}) {
  return Nested(() => AskingPriceDto, options);
}

export function MoneyField(options: FieldOptions = {}) {
  return Nested(() => MoneyDto, options);
}

function nestedSchema(type: () => Constructor, options: FieldOptions): ApiPropertyOptions {
  return {
    type: () => type(),
    ...(options.nullable && { nullable: true }),
  } as ApiPropertyOptions;
}

/** Query strings are parsed into objects without a prototype; that is how a conversion knows where it is. */
function isQuery(object: unknown): boolean {
  return typeof object === 'object' && object !== null && Object.getPrototypeOf(object) === null;
}
