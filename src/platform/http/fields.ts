import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import {
  IsOptional,
  isEmail,
  isISO31661Alpha2,
  isISO8601,
  isURL,
  isUUID,
  length,
  maxLength,
  minLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { canonicalLocale } from './locale.js';
import { isCurrency } from '../money/currencies.js';
import { MAX_BOOKED, MAX_PRICE } from '../money/money.js';

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
  /** Where the right value is to be had: told with every fault of the field and of what is inside it. */
  remedy?: string;
}

const REMEDY = 'guildhall:remedy';

/** The `remedy` of a field of a DTO. */
export const remedyOf = (dto: object, field: string): string | undefined =>
  Reflect.getMetadata(REMEDY, dto, field) as string | undefined;

type Constructor = abstract new (...args: never[]) => object;

function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  ...rules: PropertyDecorator[]
): PropertyDecorator {
  const { description, example, optional, nullable, remedy } = options;
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
    ...(remedy === undefined ? [] : [Reflect.metadata(REMEDY, remedy)]),
    ...rules,
  );
}

/** One thing that a value has to be: the code and the message that clients get when it is not. */
const rule = (code: string, message: string, fits: (value: unknown) => boolean): PropertyDecorator =>
  ValidateBy({ name: code, validator: { validate: fits, defaultMessage: () => message } });

const isText = (value: unknown): value is string => typeof value === 'string';
const isWhole = (value: unknown): value is number => Number.isInteger(value);
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = () => rule('not_text', 'must be a text', isText);
const object = () => rule('not_object', 'must be an object', isPlain);
const atLeast = (min: number) =>
  rule(
    'too_short',
    min === 1 ? 'must not be empty' : `must have at least ${min} characters`,
    (value) => isText(value) && minLength(value, min),
  );
const atMost = (max: number) =>
  rule('too_long', `must have at most ${max} characters`, (value) => isText(value) && maxLength(value, max));
/** A list of so many items. */
const list = (min: number, max: number) => [
  rule('not_list', 'must be a list', Array.isArray),
  rule('too_few', `must hold at least ${min}`, (value) => (value as unknown[]).length >= min),
  rule('too_many', `must hold at most ${max}`, (value) => (value as unknown[]).length <= max),
];
const each = (code: string, message: string, fits: (item: unknown) => boolean) =>
  rule(code, message, (value) => (value as unknown[]).every(fits));

/** White space, and what takes no place at all. */
const BLANK = /^[\p{Z}\p{Cc}\p{Default_Ignorable_Code_Point}]+$/u;
const saysSomething = () =>
  rule('empty', 'must hold a visible character', (value) => !isText(value) || !BLANK.test(value));

interface TextOptions extends FieldOptions {
  max: number;
  min?: number;
  pattern?: RegExp;
  patternHint?: string;
  /** May be nothing but white space, such as what is searched for. */
  blank?: boolean;
}

/** Text of bounded length, trimmed of nothing: what came is what is kept. What may not be empty shows something. */
export function Text(options: TextOptions) {
  const { max, min = 1, pattern, patternHint, blank = min === 0 } = options;
  const rules = [text(), atLeast(min), atMost(max)];
  if (!blank) rules.push(saysSomething());
  if (pattern)
    rules.push(
      rule(
        'malformed',
        patternHint ?? `must match ${pattern.source}`,
        (value) => isText(value) && pattern.test(value),
      ),
    );
  return field(
    options,
    { type: 'string', minLength: min, maxLength: max, ...(pattern && { pattern: pattern.source }) },
    ...rules,
  );
}

/** What a letter or a label shows in another place than it was meant for: controls, line ends, turned directions. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const LINK = /:\/\/|\bwww\./i;

/** One line of an address: it is printed on labels and in letters, so it says something, and nothing that is not seen. */
export function Line(options: FieldOptions & { max: number }) {
  const isLine = rule(
    'not_a_line',
    'must be one line of visible characters',
    (value) => isText(value) && (value === '' || value.trim() !== '') && !UNSEEN.test(value),
  );
  return applyDecorators(Text({ ...options, blank: true }), isLine);
}

/** Plain text of several lines that strangers read: nothing in it is unseen but what ends a line or indents it. */
export function Paragraphs(options: FieldOptions & { max: number }) {
  const isPlainText = rule(
    'not_plain_text',
    'must be visible characters in lines',
    (value) => isText(value) && !UNSEEN.test(value.replace(/[\n\r\t]/g, '')),
  );
  return applyDecorators(Text(options), isPlainText);
}

/** What somebody is called. Letters of the shop greet by it, so it must not be what leads their reader elsewhere. */
export function PersonName(options: FieldOptions & { max: number }) {
  const isName = rule('not_a_name', 'must not hold a link', (value) => isText(value) && !LINK.test(value));
  return applyDecorators(Line(options), isName);
}

/** A password to be. Who keeps it tells why one is not taken; the documents show the length that this store asks for. */
export function NewPassword(options: FieldOptions & { max: number }) {
  const schema = { type: 'string', format: NEW_PASSWORD, maxLength: options.max };
  return field(options, schema as ApiPropertyOptions, text(), atLeast(1), atMost(1_000));
}

/** The format of `NewPassword`, by which the documents know it. */
export const NEW_PASSWORD = 'new-password';

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
    // A query gives text; a body must give a number, which is then demanded of everything that is not digits.
    Transform(({ value, obj }) =>
      isQuery(obj) && /^-?\d{1,15}$/.test(String(value)) ? Number(value) : value,
    ),
    rule('not_integer', 'must be a whole number', isWhole),
    rule('too_low', `must be at least ${min}`, (value) => Number(value) >= min),
    rule('too_high', `must be at most ${max}`, (value) => Number(value) <= max),
  );
}

export function Bool(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'boolean' },
    Transform(({ value, obj }) =>
      isQuery(obj) && (value === 'true' || value === 'false') ? value === 'true' : value,
    ),
    rule('not_boolean', 'must be true or false', (value) => typeof value === 'boolean'),
  );
}

/** A UUID however it is written (RFC 9562 4); kept in lower case, as PostgreSQL gives it back and ids are compared. */
export function Uuid(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'string', format: 'uuid' },
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    rule('not_uuid', 'must be a UUID', (value) => isUUID(value)),
  );
}

export function Email(options: FieldOptions = {}) {
  return field(
    { example: 'ada@example.test', ...options },
    { type: 'string', format: 'email', maxLength: 254 },
    text(),
    atMost(254),
    rule('not_email', 'must be an e-mail address', isOneAddress),
  );
}

/** One address and no quotes. `NFKC`, because so it is kept: it turns some letters into `@` and `,`, and one address into many. */
const isOneAddress = (value: unknown): boolean =>
  isEmail(value) && /^[^\s"(),:;<>@[\\\]]+@[^\s"(),:;<>@[\\\]]+$/.test(String(value).normalize('NFKC'));

export function OneOf(values: readonly string[], options: FieldOptions = {}) {
  return field(
    options,
    { type: 'string', enum: [...values] },
    rule('not_allowed', `must be one of ${values.join(', ')}`, (value) => values.includes(value as string)),
  );
}

/** RFC 3339 with the zones that exist. ISO 8601 knows weeks, days of the year and more, which PostgreSQL does not read. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.]\d{1,9})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/** A point in time, RFC 3339 with zone; stays text in the DTO. */
export function Instant(options: FieldOptions = {}) {
  return field(
    { example: '2026-11-21T10:00:00.000Z', ...options },
    { type: 'string', format: 'date-time' },
    rule(
      'not_instant',
      'must be a date and time with zone, such as 2026-11-21T10:00:00Z',
      (value) => isText(value) && INSTANT.test(value) && isISO8601(value, { strict: true }),
    ),
  );
}

export function CurrencyCode(options: FieldOptions = {}) {
  return field(
    { example: 'EUR', ...options },
    { type: 'string', pattern: '^[A-Z]{3}$' },
    rule(
      'not_currency',
      'must be an ISO 4217 currency code such as EUR',
      (value) => isText(value) && isCurrency(value),
    ),
  );
}

/** A BCP 47 language tag in its canonical form, however it was written. */
export function LocaleTag(options: FieldOptions = {}) {
  return field(
    { example: 'de-AT', ...options },
    { type: 'string', maxLength: 35 },
    Transform(({ value }: { value: unknown }) => (isText(value) ? (canonicalLocale(value) ?? value) : value)),
    rule(
      'not_locale',
      'must be a language tag such as de or de-AT',
      (value) => isText(value) && canonicalLocale(value) !== null,
    ),
  );
}

/** What `locale` does in every query that takes it. */
export const LOCALE_MEANS =
  'Language of the texts, before `Accept-Language`. What is not translated comes in the next wider language, ' +
  'or in that of the shop; `Content-Language` says what was found.';

/** The language of texts that a shopper asks for. */
export class LocaleQuery {
  @LocaleTag({
    optional: true,
    description: LOCALE_MEANS,
  })
  locale?: string;
}

const isCountry = (value: unknown) => isText(value) && /^[A-Z]{2}$/.test(value) && isISO31661Alpha2(value);

export function CountryCode(options: FieldOptions = {}) {
  return field(
    { example: 'DE', ...options },
    { type: 'string', pattern: '^[A-Z]{2}$' },
    rule('not_country', 'must be an ISO 3166 country code such as DE', isCountry),
  );
}

/** Countries that something holds for, each once; `*` is everywhere else. */
export function CountryList(options: FieldOptions = {}) {
  return field(
    { description: 'ISO 3166 codes; `*` is everywhere else.', example: ['IS'], ...options },
    {
      type: 'array',
      items: { type: 'string', pattern: '^([A-Z]{2}|[*])$' },
      maxItems: 250,
      uniqueItems: true,
    } as ApiPropertyOptions,
    ...list(0, 250),
    each(
      'not_country',
      'must hold ISO 3166 country codes such as DE, or *',
      (item) => item === '*' || isCountry(item),
    ),
    rule('duplicate', 'must hold each country once', (value) => isSet(value as unknown[])),
  );
}

const isSet = (items: unknown[]): boolean => new Set(items).size === items.length;

export function Url(options: FieldOptions = {}) {
  return field(
    options,
    { type: 'string', format: 'uri', maxLength: 2048 },
    text(),
    atMost(2048),
    rule('not_url', 'must be a URL that starts with http:// or https://', (value) =>
      isURL(value as string, { protocols: ['http', 'https'], require_protocol: true, require_tld: false }),
    ),
  );
}

/** Text to text (or to anything): attributes, option choices, metadata. At most 250 keys, and `maxSize` bytes of JSON. */
export function Dictionary(options: FieldOptions & { values: 'string' | 'any'; maxSize?: number }) {
  const { maxSize = Infinity } = options;
  const fits = (value: unknown) =>
    isPlain(value) &&
    Object.keys(value).length <= 250 &&
    Object.entries(value).every(
      ([key, item]) =>
        key.length <= 100 && (options.values === 'any' || (typeof item === 'string' && item.length <= 2000)),
    );
  return field(
    options,
    { type: 'object', additionalProperties: options.values === 'string' ? { type: 'string' } : true },
    object(),
    rule(
      'not_dictionary',
      options.values === 'string'
        ? 'must have at most 250 keys and text values of at most 2,000 characters'
        : 'must have at most 250 keys',
      fits,
    ),
    rule(
      'too_large',
      `must be at most ${maxSize} bytes of JSON`,
      (value) => maxSize === Infinity || Buffer.byteLength(JSON.stringify(value)) <= maxSize,
    ),
  );
}

/** Another DTO in its place. */
export function Nested(type: () => Constructor, options: FieldOptions = {}) {
  return field(
    options,
    nestedSchema(type, options),
    object(),
    ValidateNested(),
    Type(type as () => new () => object),
  );
}

/**
 * `true`, or a DTO that says more precisely what; `true` arrives as one that says nothing. `properties` are those of the DTO; the
 * field has the type `true | Dto`, or the document would say that it is one.
 */
export function TrueOr(
  type: () => Constructor,
  options: FieldOptions & { properties: Readonly<Record<string, unknown>> },
) {
  const given = { type: 'object', properties: options.properties, additionalProperties: false };
  return applyDecorators(
    field(
      options,
      { oneOf: [{ type: 'boolean', enum: [true] }, given] } as ApiPropertyOptions,
      rule('not_object', 'must be true or an object', isPlain),
      ValidateNested(),
      Type(type as () => new () => object),
      Transform(({ value }: { value: unknown }) =>
        value === true ? new (type() as new () => object)() : value,
      ),
    ),
  );
}

/** A list of DTOs that are looked into one by one, by whoever takes them, so that a wrong one does not refuse the others. */
export function ListOfAny(type: () => Constructor, options: FieldOptions & { max: number; min: number }) {
  const { max, min } = options;
  const schema = { type: () => type(), isArray: true, maxItems: max, minItems: min } as ApiPropertyOptions;
  return field(options, schema, ...list(min, max));
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
    ...list(min, max),
    // `ValidateNested` wants objects: without this a list of texts would pass as a list of empty objects.
    each('not_object', 'must hold objects', isPlain),
    ...(uniqueBy === undefined
      ? []
      : [
          rule('duplicate', `must not hold the same ${uniqueBy} twice`, (value) =>
            isSet((value as Record<string, unknown>[]).map((item) => item[uniqueBy] ?? item)),
          ),
        ]),
    ValidateNested({ each: true }),
    Type(type as () => new () => object),
  );
}

export function TextList(
  options: FieldOptions & {
    max: number;
    min?: number;
    maxLength: number;
    values?: readonly string[];
    unique?: boolean;
  },
) {
  const { max, min = 0, maxLength: longest, values, unique = false } = options;
  return field(
    options,
    {
      type: 'array',
      items: { type: 'string', maxLength: longest, ...(values && { enum: [...values] }) },
      maxItems: max,
      ...(min > 0 && { minItems: min }),
      ...(unique && { uniqueItems: true }),
    } as ApiPropertyOptions,
    ...list(min, max),
    each(
      'not_text',
      `must hold texts of 1 to ${longest} characters`,
      (item) => isText(item) && length(item, 1, longest) && !BLANK.test(item),
    ),
    ...(unique ? [rule('duplicate', 'must hold each text once', (value) => isSet(value as unknown[]))] : []),
    ...(values
      ? [
          each('not_allowed', `must hold only ${values.join(', ')}`, (item) =>
            values.includes(item as string),
          ),
        ]
      : []),
  );
}

export function UuidList(options: FieldOptions & { max: number }) {
  return field(
    options,
    { type: 'array', items: { type: 'string', format: 'uuid' }, maxItems: options.max } as ApiPropertyOptions,
    ...list(0, options.max),
    each('not_uuid', 'must hold UUIDs', (item) => isUUID(item)),
  );
}

/** Whole numbers, each once: days of the week, for example. */
export function IntegerList(options: FieldOptions & { min: number; max: number; most: number }) {
  const { min, max, most } = options;
  return field(
    options,
    {
      type: 'array',
      items: { type: 'integer', minimum: min, maximum: max },
      minItems: 1,
      maxItems: most,
      uniqueItems: true,
    } as ApiPropertyOptions,
    ...list(1, most),
    each(
      'not_integer',
      `must hold whole numbers from ${min} to ${max}`,
      (item) => isWhole(item) && item >= min && item <= max,
    ),
    rule('duplicate', 'must hold each number once', (value) => isSet(value as unknown[])),
  );
}

/** Money on the wire: minor units and ISO 4217 code. */
export class MoneyDto {
  @Integer({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    example: 1999,
    description: 'Minor units (cents).',
  })
  amount: number;

  @CurrencyCode()
  currency: string;
}

/** Money that may be owed as well as had: in the books. */
export class SignedMoneyDto extends MoneyDto {
  @Integer({
    min: -Number.MAX_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
    example: -1999,
    description: 'Minor units (cents).',
  })
  declare amount: number;
}

/** What somebody asks for a thing: not negative, and bounded so that no sum of them leaves the numbers of JSON. */
export class AskingPriceDto extends MoneyDto {
  @Integer({ min: 0, max: MAX_PRICE, example: 1999, description: 'Minor units (cents).' })
  declare amount: number;
}

export function AskingPrice(options: FieldOptions = {}) {
  return Nested(() => AskingPriceDto, options);
}

/** Money that a person writes into the books. */
export class BookedMoneyDto extends MoneyDto {
  @Integer({ min: 0, max: MAX_BOOKED, example: 1999, description: 'Minor units (cents).' })
  declare amount: number;
}

export function BookedMoney(options: FieldOptions = {}) {
  return Nested(() => BookedMoneyDto, options);
}

/** Likewise, put on a balance or taken off it. */
export class SignedBookedMoneyDto extends SignedMoneyDto {
  @Integer({ min: -MAX_BOOKED, max: MAX_BOOKED, example: -1999, description: 'Minor units (cents).' })
  declare amount: number;
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
