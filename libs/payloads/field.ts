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
   * What leaving it out means, reading on from "Default:". Said where something is made; where something is
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

/**
 * Refuses what `accepts` says no to. The message reads on from the field's path: "must be ..."; one that depends on
 * the value is made when it was refused.
 */
export function rule(
  message: string | ((value: unknown) => string),
  accepts: (value: unknown, args?: ValidationArguments) => boolean,
): PropertyDecorator {
  const defaultMessage = (args?: ValidationArguments) =>
    typeof message === 'string' ? message : message(args?.value);
  return ValidateBy({ name: 'rule', validator: { validate: accepts, defaultMessage } });
}

/** The name under which {@link itemsRule} reports. */
export const ITEMS_RULE = 'items';

/** A wrong item: its index, and what is wrong. */
export type WrongItem = [index: number, message: string];

/**
 * Like {@link rule} for each item of a list, so that an error names the item: class-validator's does not. A list of
 * more than `maxItems` is refused by its own rule, and its items are not looked at.
 */
export function itemsRule(
  maxItems: number,
  message: string | ((item: unknown) => string),
  accepts: (item: unknown) => boolean,
): PropertyDecorator {
  const wrongItems = (value: unknown): WrongItem[] =>
    Array.isArray(value) && value.length <= maxItems
      ? value.flatMap((item, index): WrongItem[] =>
          accepts(item) ? [] : [[index, typeof message === 'string' ? message : message(item)]],
        )
      : [];
  return ValidateBy({
    name: ITEMS_RULE,
    validator: {
      validate: (value) => wrongItems(value).length === 0,
      defaultMessage: (args) => JSON.stringify(wrongItems(args?.value)),
    },
  });
}

/** What a field asks for beside its rules. */
export interface FieldTreatment {
  /** Makes of the JSON value what its rules and its users see, or a promise of that. Must take any value. */
  convert?: (value: unknown) => unknown;
  /** Its items are validated one by one by whoever takes them, so that a wrong one is no error of the payload. */
  itemsApart?: boolean;
}

/** The name under which a field's treatment is kept. */
export const TREATMENT = 'treatment';

/** Kept among the rules, since those are what `PartialType` takes along. */
export function treated(treatment: FieldTreatment): PropertyDecorator {
  return ValidateBy({ name: TREATMENT, validator: { validate: () => true } }, { context: treatment });
}
