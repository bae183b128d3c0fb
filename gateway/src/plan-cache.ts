import { QueryPlanner } from '@graphql-hive/router-query-planner';
import {
  BREAK,
  type DocumentNode,
  type GraphQLSchema,
  getOperationAST,
  isObjectType,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { compilePlan, type PlanStep } from './plan-executor.js';

/** Features of a supergraph that ask more of an executor than `plan-executor.ts` knows. */
const beyond = /(?<!directive )@inaccessible|isInterfaceObject: true|contextArguments: \[\{/;

/** Compiled plans of a supergraph's documents, kept as long as the documents live. */
export function planCache(supergraphSdl: string, schema: GraphQLSchema) {
  const planner = beyond.test(supergraphSdl) ? undefined : new QueryPlanner(supergraphSdl);
  // A share of requests that takes another way must be drawn for each request.
  const usable = planner && planner.overrideLabels.length === 0 && planner.overridePercentages.length === 0;
  const known = new WeakMap<DocumentNode, Map<string, Promise<PlanStep | undefined>>>();

  const compile = async (document: DocumentNode, operationName: string | undefined) => {
    if (!planner || !usable || !plain(schema, document, operationName)) return undefined;
    try {
      const { node } = await planner.planAsync(print(document), operationName, new Set(), 0);
      return node && compilePlan(node);
    } catch {
      // The router runtime plans it again and tells what is wrong.
      return undefined;
    }
  };

  /** Undefined where the router runtime must run the operation. */
  return (document: DocumentNode, operationName: string | undefined): Promise<PlanStep | undefined> => {
    let operations = known.get(document);
    if (!operations) {
      operations = new Map();
      known.set(document, operations);
    }
    const name = operationName ?? '';
    let plan = operations.get(name);
    if (!plan) {
      plan = compile(document, operationName);
      operations.set(name, plan);
    }
    return plan;
  };
}

/** Only object types, no directive, no introspection: such an operation has one shape, whatever its variables. */
function plain(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): boolean {
  const operation = getOperationAST(document, operationName);
  if (!operation || operation.operation === 'subscription') return false;
  let result = true;
  const refuse = () => {
    result = false;
    return BREAK;
  };
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Directive: refuse,
      SelectionSet() {
        return isObjectType(types.getParentType()) ? undefined : refuse();
      },
      Field({ name }) {
        return name.value === '__schema' || name.value === '__type' ? refuse() : undefined;
      },
    }),
  );
  return result;
}
