import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { escapePointer } from './body.js';
import { type FieldError, platformProblems } from './problem.js';

/** Enough to mend a form by; a body of nothing but faults must not come back many times as large. */
const MAX_TOLD = 100;
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function flatten(errors: ValidationError[], parent: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${escapePointer(error.property)}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, message]) =>
      rule === 'whitelistValidation'
        ? { pointer, code: 'unknown_property', message: 'is not known here' }
        : { pointer, code: snake(rule), message: message.replace(`${error.property} `, '') },
    );
    return [...own, ...flatten(error.children ?? [], pointer)];
  });
}

/**
 * Shapes are checked once, at the door: unknown properties are refused, values are only converted where a field
 * decorator says how. All faults are told at once (the first hundred), each with its JSON Pointer.
 */
export const validationPipe = () =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: false,
    validationError: { target: false, value: false },
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
