// The schema folders of the subgraphs describe their types with these; each wraps type-graphql so that no field can be
// written without a class and a description.
import 'reflect-metadata';
import type { FieldClass } from '@falaj/policy';
import { Directive, Field, FieldResolver, ObjectType } from 'type-graphql';

// biome-ignore lint/suspicious/noConfusingVoidType: the parameter as type-graphql declares it.
type TypeThunk = (type?: void) => unknown;

interface AttributeOptions {
  /** Default: everything but class `open` is nullable, for a masked field is null. */
  readonly nullable?: boolean;
}

/** A field of a GraphQL type with its field class; on a method of a resolver, one that is computed. */
export function Attribute(
  type: TypeThunk,
  fieldClass: FieldClass,
  description: string,
  options: AttributeOptions = {},
): PropertyDecorator & MethodDecorator {
  const nullable = options.nullable ?? fieldClass !== 'open';
  return ((target: object, key: string | symbol, descriptor?: PropertyDescriptor) => {
    // Not both: where a method has a `Field` too, its description is lost.
    const field = descriptor ? FieldResolver : Field;
    (
      field(type as never, { description, nullable }) as (t: object, k: string | symbol, d?: PropertyDescriptor) => void
    )(target, key, descriptor);
    (
      Directive(`@fieldPolicy(class: ${fieldClass.toUpperCase()})`) as (
        t: object,
        k: string | symbol,
        d?: PropertyDescriptor,
      ) => void
    )(target, key, descriptor);
  }) as PropertyDecorator & MethodDecorator;
}

/** A type that other subgraphs may refer to by its key. */
export function EntityType(name: string, description: string, key = 'id'): ClassDecorator {
  return (target) => {
    ObjectType(name, { description })(target as never);
    Directive(`@key(fields: "${key}")`)(target as never);
  };
}

/** The stub of a type that another subgraph owns: its key, to which this subgraph adds fields. */
export function ExtendedEntityType(name: string, description: string): ClassDecorator {
  return EntityType(name, description);
}

/** The same type in several subgraphs, field by field. */
export const Shareable = (): ClassDecorator & PropertyDecorator & MethodDecorator =>
  Directive('@shareable') as ClassDecorator & PropertyDecorator & MethodDecorator;
