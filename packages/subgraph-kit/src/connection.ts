import { ArgsType, Directive, Field, Int, ObjectType } from 'type-graphql';
import { Attribute } from './decorators.js';

@ObjectType('PageInfo', { description: 'Where a page stands in its list (Relay cursor connections).' })
@Directive('@shareable')
export class PageInfo {
  @Attribute(() => Boolean, 'open', 'More items follow.') hasNextPage!: boolean;
  @Attribute(() => Boolean, 'open', 'Items precede.') hasPreviousPage!: boolean;
  @Attribute(() => String, 'open', 'Cursor of the first item.', { nullable: true }) startCursor!: string | null;
  @Attribute(() => String, 'open', 'Cursor of the last item; pass it as `after` for the next page.', { nullable: true })
  endCursor!: string | null;
}

@ArgsType()
export class PageArguments {
  @Field(() => Int, { defaultValue: 20, description: 'How many items, 1 to 500.' }) first!: number;
  @Field(() => String, { nullable: true, description: 'Cursor to go on after.' }) after?: string;
}

/** One page of rows; `totalCount` is counted only when it is asked for. */
export interface Connection<Row> {
  readonly edges: readonly { readonly node: Row; readonly cursor: string }[];
  readonly pageInfo: PageInfo;
  totalCount(): Promise<number>;
}

/** The connection and edge types of a node type, named `<name>Connection` and `<name>Edge`. */
// biome-ignore lint/suspicious/noExplicitAny: a class made here has no name that a caller could write.
export function connectionOf(node: () => unknown, name: string): new () => any {
  @ObjectType(`${name}Edge`, { description: `A ${name} and its place in the list.` })
  class Edge {
    @Attribute(node, 'open', 'The item.') node!: unknown;
    @Attribute(() => String, 'open', 'Opaque cursor of the item.') cursor!: string;
  }
  @ObjectType(`${name}Connection`, { description: `A page of ${name} items.` })
  class ConnectionType {
    @Attribute(() => [Edge], 'open', 'The items of this page.') edges!: Edge[];
    @Attribute(() => PageInfo, 'open', 'Where this page stands.') pageInfo!: PageInfo;
    @Attribute(() => Int, 'open', 'How many items match that the caller may see.') totalCount!: number;
  }
  return ConnectionType;
}
