import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions, getSchemaPath } from '@nestjs/swagger';
import { plainToInstance, Transform } from 'class-transformer';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { type FieldOptions, OneOf } from './fields.js';

type Shape = new () => object;
/** DTOs by the `type` that tells them apart; each has a field `type` with that one value. */
export type Shapes = Readonly<Record<string, Shape>>;

interface Rule {
  code: string;
  message: string;
  fits: (value: unknown) => boolean;
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One of several DTOs, told apart by its `type`; each is checked as strictly as any other DTO. */
export function OneShape(shapes: Shapes, options: FieldOptions = {}): PropertyDecorator {
  return shaped(options, schemaOf(shapes), [NOT_OBJECT], (value) => instanceOf(shapes, value));
}

/** A list of such. */
export function ListOfShapes(shapes: Shapes, options: FieldOptions & { max: number }): PropertyDecorator {
  const { max } = options;
  const rules: Rule[] = [
    { code: 'not_list', message: 'must be a list', fits: Array.isArray },
    {
      code: 'too_many',
      message: `must hold at most ${max}`,
      fits: (value) => (value as unknown[]).length <= max,
    },
    {
      code: 'not_object',
      message: 'must hold objects',
      fits: (value) => (value as unknown[]).every(isPlain),
    },
  ];
  const schema = { type: 'array', items: schemaOf(shapes), maxItems: max };
  return shaped(options, schema, rules, (value: unknown) =>
    Array.isArray(value) ? value.map((one: unknown) => instanceOf(shapes, one)) : value,
  );
}

const NOT_OBJECT: Rule = { code: 'not_object', message: 'must be an object', fits: isPlain };

function shaped(
  { description, example, optional, nullable }: FieldOptions,
  schema: object,
  rules: readonly Rule[],
  toInstances: (value: unknown) => unknown,
): PropertyDecorator {
  const property = {
    ...schema,
    ...(description !== undefined && { description }),
    ...(example !== undefined && { example }),
    ...(nullable && { nullable: true }),
    required: !optional,
  } as ApiPropertyOptions;
  const absent = (value: unknown) => (optional && value === undefined) || (nullable && value === null);
  return applyDecorators(
    ApiProperty(property),
    ValidateIf((_, value) => !absent(value)),
    ...rules.map(({ code, message, fits }) =>
      ValidateBy({ name: code, validator: { validate: fits, defaultMessage: () => message } }),
    ),
    // Of a list it looks at each item by itself.
    ValidateNested(),
    Transform(({ value }) => toInstances(value)),
  );
}

const schemaOf = (shapes: Shapes) => ({
  oneOf: Object.values(shapes).map((shape) => ({ $ref: getSchemaPath(shape) })),
  discriminator: {
    propertyName: 'type',
    mapping: Object.fromEntries(Object.entries(shapes).map(([type, shape]) => [type, getSchemaPath(shape)])),
  },
});

const strangers = new WeakMap<Shapes, Shape>();

/** What stands in for an object of no known type: only its `type` is looked at and told about. */
function strangerOf(shapes: Shapes): Shape {
  const known = strangers.get(shapes);
  if (known) return known;
  class Stranger {
    @OneOf(Object.keys(shapes))
    type: string;
  }
  strangers.set(shapes, Stranger);
  return Stranger;
}

/** The object as an instance of its DTO, its own fields converted; anything else as it came. */
function instanceOf(shapes: Shapes, value: unknown): unknown {
  if (!isPlain(value)) return value;
  const { type } = value;
  const shape = typeof type === 'string' && Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  return shape ? plainToInstance(shape, value) : plainToInstance(strangerOf(shapes), { type });
}
