import { type ArgumentMetadata, type ValidationError, ValidationPipe } from '@nestjs/common';
import { escapePointer } from './body.js';
import { remedyOf } from './fields.js';
import { type FieldError, platformProblems } from './problem.js';

/** Enough to mend a form by; a body of nothing but faults must not come back many times as large. */
const MAX_TOLD = 100;

/** One fault a field: the first of its rules, or those of what is inside. */
function flatten(errors: ValidationError[], parent: string, above?: string): FieldError[] {
  return errors.flatMap(({ target, property, value, constraints = {}, children = [] }) => {
    const pointer = `${parent}/${escapePointer(property)}`;
    const remedy = (target && remedyOf(target, property)) ?? above;
    const told = (code: string, message: string) => [
      { pointer, code, message: remedy === undefined ? message : `${message}: ${remedy}` },
    ];
    const [first] = Object.entries(constraints);
    if (!first) return flatten(children, pointer, remedy);
    if (value === undefined) return told('required', 'is required');
    const [code, message] = first;
    return code === 'whitelistValidation'
      ? told('unknown_property', 'is not known here')
      : told(code, message);
  });
}

const notAnObject = () =>
  platformProblems.invalid_input('The body must be an object.', {
    errors: [{ pointer: '', code: 'not_object', message: 'must be an object' }],
  });

/** A body is an object before it is anything else; where all is optional, there may be none. */
class InputPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type !== 'body' || !this.toValidate(metadata)) return super.transform(value, metadata);
    if (value !== undefined && (typeof value !== 'object' || value === null || Array.isArray(value)))
      throw notAnObject();
    try {
      return await super.transform(value, metadata);
    } catch (error) {
      throw value === undefined ? notAnObject() : error;
    }
  }
}

/** The name of the one of these properties that was given; 400 when it is none or several. */
export function onlyOneOf<T extends object, K extends keyof T & string>(input: T, names: readonly K[]): K {
  const given = names.filter((name) => input[name] !== undefined);
  const [name] = given;
  if (name !== undefined && given.length === 1) return name;
  const message = `needs exactly one of ${names.join(', ')}`;
  throw platformProblems.invalid_input(`The input ${message}.`, {
    errors: [{ pointer: '', code: 'only_one_of', message }],
  });
}

/**
 * Shapes are checked once, at the door: unknown properties are refused, values are only converted where a field
 * decorator says how. The faults of all fields are told at once (the first hundred), one a field
 * and each with its JSON Pointer.
 */
export const validationPipe = () =>
  new InputPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    // What was sent is looked at and never told.
    validationError: { target: true, value: true },
    exceptionFactory: (errors) => {
      const list = flatten(errors, '');
      const first = list[0];
      return platformProblems.invalid_input(
        first && `${first.pointer.slice(1) || 'The input'} ${first.message}.`,
        {
          errors: list.slice(0, MAX_TOLD),
        },
      );
    },
  });

/** One DTO out of a list that was taken as it came; 400 with pointers into it when it has not the shape. */
export const shaped = async <T extends object>(type: new () => T, value: unknown): Promise<T> =>
  (await validationPipe().transform(value, { type: 'body', metatype: type })) as T;
