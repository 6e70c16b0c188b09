import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf, type ValidationArguments } from 'class-validator';

export interface FieldOptions {
  description: string;
  example?: unknown;
  /** May be left out. */
  optional?: boolean;
  /** May be null, which is another thing than leaving it out. */
  nullable?: boolean;
  /**
   * What leaving it out means, reading on from "Left out:". Said where something is made; where something is
   * changed, what is left out stays.
   */
  leftOut?: string;
}

/** Where a field's schema keeps its `leftOut` until the document is complete. */
export const LEFT_OUT = 'x-left-out';

/**
 * The one source of a field: its place in the OpenAPI document and the rules it is held to. The kinds of
 * fields are built from it: one decorator a field.
 */
export function field(
  options: FieldOptions,
  schema: ApiPropertyOptions,
  ...rules: PropertyDecorator[]
): PropertyDecorator {
  const { optional = false, nullable = false, description, example, leftOut } = options;
  return applyDecorators(
    (optional ? ApiPropertyOptional : ApiProperty)({
      ...schema,
      description,
      ...(nullable && { nullable }),
      ...(example !== undefined && { example }),
      ...(leftOut !== undefined && { [LEFT_OUT]: leftOut }),
    }),
    ValidateIf((_, value) => !((optional && value === undefined) || (nullable && value === null))),
    ...rules,
  );
}

/** Refuses what `accepts` says no to. The message reads on from the field's path: "must be ...". */
export function rule(
  message: string,
  accepts: (value: unknown, args?: ValidationArguments) => boolean,
): PropertyDecorator {
  return ValidateBy({ name: 'rule', validator: { validate: accepts, defaultMessage: () => message } });
}

/** The name under which {@link itemsRule} reports: the indices of the wrong items, then what is wrong. */
export const ITEMS_RULE = 'items';

/** Like {@link rule} for each item of a list, so that an error names the item: class-validator's does not. */
export function itemsRule(message: string, accepts: (item: unknown) => boolean): PropertyDecorator {
  const wrongItems = (value: unknown): number[] =>
    Array.isArray(value) ? value.flatMap((item, index) => (accepts(item) ? [] : [index])) : [];
  return ValidateBy({
    name: ITEMS_RULE,
    validator: {
      validate: (value) => wrongItems(value).length === 0,
      defaultMessage: (args) => `${wrongItems(args?.value).join(',')} ${message}`,
    },
  });
}
