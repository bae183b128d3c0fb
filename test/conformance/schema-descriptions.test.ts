// The schema is the product: whoever reads it learns what each part means.
import { readFileSync } from 'node:fs';
import { buildSchema, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import { expect, it } from 'vitest';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'), {
  assumeValidSDL: true,
});
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

it('describes every type, field and argument', () => {
  const silent: string[] = [];
  const look = (path: string, { description }: { readonly description?: string | null | undefined }) => {
    if (!description?.trim()) silent.push(path);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    if (!roots.includes(type as never)) look(type.name, type);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) look(`${type.name}.${field.name}`, field);
    if (isObjectType(type) || isInterfaceType(type))
      for (const field of Object.values(type.getFields())) {
        look(`${type.name}.${field.name}`, field);
        for (const argument of field.args) look(`${type.name}.${field.name}(${argument.name})`, argument);
      }
  }
  expect(silent).toEqual([]);
});
