import { Attribute } from '@falaj/subgraph-kit';
import { Ctx, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { coverageOf } from '../policy/coverage.js';
import type { GovernanceContext } from './context.js';
import { PluginState } from './enums.js';

@ObjectType({ description: 'A plugin of this deployment.' })
export class Plugin {
  @Attribute(() => String, 'open', 'Kind, e.g. `trainer`.') kind!: string;
  @Attribute(() => String, 'open', 'Name.') name!: string;
  @Attribute(() => String, 'internal', 'Package that it came from.') package!: string;
  @Attribute(() => String, 'internal', 'Version of the package.') version!: string;
  @Attribute(() => Int, 'internal', 'Version of the contract that it speaks.') contract!: number;
  @Attribute(() => [String], 'internal', 'What it can do beyond its contract.') capabilities!: string[];
  @Attribute(() => String, 'internal', 'Where it runs: `inline` or `process`.') isolation!: string;
  @Attribute(() => [String], 'internal', 'Hosts that it declares to reach; empty for none.') egress!: string[];
  @Attribute(() => PluginState, 'internal', 'Whether it answers.') state!: string;
  @Attribute(() => Int, 'internal', 'Calls since the platform started.') calls!: number;
  @Attribute(() => Int, 'internal', 'Calls that failed.') failures!: number;
  @Attribute(() => Int, 'internal', 'Times that its process was started again.') restarts!: number;
  @Attribute(() => String, 'sensitive', 'The last error.') lastError!: string | null;
}

@ObjectType({ description: 'How far the policy covers the schema of one subgraph.' })
export class PolicyCoverage {
  @Attribute(() => String, 'open', 'Subgraph.') subgraph!: string;
  @Attribute(() => Int, 'internal', 'Object types.') types!: number;
  @Attribute(() => Int, 'internal', 'Fields of object types.') fields!: number;
  @Attribute(() => Int, 'internal', 'Fields of class open.') open!: number;
  @Attribute(() => Int, 'internal', 'Fields of class internal.') internal!: number;
  @Attribute(() => Int, 'internal', 'Fields of class sensitive.') sensitive!: number;
  @Attribute(() => Int, 'internal', 'Fields of class pii.') pii!: number;
  @Attribute(() => Int, 'internal', 'Fields of class secret.') secret!: number;
  @Attribute(() => Int, 'internal', 'Fields of class platform.') platform!: number;
  @Attribute(() => [String], 'internal', 'Fields without a class, `Type.field`; a subgraph with one does not start.')
  holes!: string[];
}

@Resolver()
export class InventoryResolver {
  @Query(() => [Plugin], { description: 'Plugins of this deployment, in the order of its configuration.' })
  plugins(@Ctx() context: GovernanceContext): Plugin[] {
    return context.platform.plugins
      .list()
      .map((plugin) => ({ ...plugin, capabilities: [...plugin.capabilities], egress: [...plugin.egress] }));
  }

  @Query(() => [PolicyCoverage], { description: 'How far the policy covers each subgraph, counted from its schema.' })
  async policyCoverage(@Ctx() context: GovernanceContext): Promise<PolicyCoverage[]> {
    const subgraphs = await context.services.describe();
    return subgraphs.map(({ name, sdl }) => {
      const { classes, holes, ...counts } = coverageOf(name, sdl);
      return { ...counts, ...classes, holes: [...holes] };
    });
  }
}
