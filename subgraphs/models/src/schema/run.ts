import { Attribute, PageArguments } from '@falaj/subgraph-kit';
import { Args, Ctx, Resolver, Root } from 'type-graphql';
import { modelVersions } from '../store/governed.js';
import { modelVersion } from '../store/tables.js';
import { beginning, type ModelsContext } from './context.js';
import { ModelVersionConnection, Run } from './model-types.js';

@Resolver(() => Run)
export class RunModelVersionsResolver {
  @Attribute(() => ModelVersionConnection, 'internal', 'Versions that it became, newest first.')
  modelVersions(@Root() run: Run, @Args(() => PageArguments) page: PageArguments, @Ctx() context: ModelsContext) {
    const first = beginning(page, '`modelVersions(filter: {runId})`');
    return context.load(`Run.modelVersions:${first}`, run.id, (ids) =>
      context.reads.pagesByParent(modelVersions, modelVersion.runId, ids, first),
    );
  }
}
