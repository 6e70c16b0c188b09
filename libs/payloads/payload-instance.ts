import { getMetadataStorage } from 'class-validator';
import { type FieldTreatment, TREATMENT } from './field.js';

type Class = new () => object;

const known = new WeakMap<Class, ReadonlyMap<string, FieldTreatment>>();

/** The fields of a class that are treated in their own way. */
export function treatments(type: Class): ReadonlyMap<string, FieldTreatment> {
  const found = known.get(type);
  if (found) return found;
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
  const made = new Map(
    rules
      .filter(({ name }) => name === TREATMENT)
      .map(({ propertyName, context }) => [propertyName, context as FieldTreatment]),
  );
  known.set(type, made);
  return made;
}

/**
 * Puts a payload's fields on an instance of its class. Only what a field converts is looked into: free-form JSON stays
 * as it was parsed, since to copy it costs microseconds a field.
 */
export async function instantiate<Payload extends object>(
  type: new () => Payload,
  payload: object,
): Promise<Payload> {
  const instance = new type();
  const treated = treatments(type);
  for (const [name, value] of Object.entries(payload)) {
    const convert = treated.get(name)?.convert;
    Reflect.set(instance, name, convert ? await convert(value) : value);
  }
  return instance;
}
