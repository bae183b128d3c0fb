// Whether a pipeline can run at all, judged before it is stored: every problem names its stage and field.
import { PlatformError } from '@falaj/runtime';
import {
  type PipelineDefinition,
  type PipelineStage,
  type Value,
  type Values,
  type ValueType,
  valueTypes,
} from './definition.js';
import { type Reference, referencesIn, soleReference } from './references.js';
import { isOfType, outputsOf, type Slot, stageSpecs } from './stage-types.js';

export interface DefinitionProblem {
  /** Null for a problem of the pipeline itself. */
  readonly stage: string | null;
  readonly field: string;
  readonly problem: string;
}

/** Throws BAD_USER_INPUT with every problem in `details.problems`. */
export function requireSound(definition: PipelineDefinition): void {
  const problems = definitionProblems(definition);
  if (problems.length === 0) return;
  throw new PlatformError(
    'BAD_USER_INPUT',
    problems.map(({ stage, field, problem }) => `${stage ? `stage ${stage}, ` : ''}${field}: ${problem}`).join('; '),
    { details: { problems } },
  );
}

export function definitionProblems(definition: PipelineDefinition): DefinitionProblem[] {
  const problems: DefinitionProblem[] = [];
  const stages = new Map<string, PipelineStage>();
  const report = (stage: string | null, field: string, problem: string) =>
    void problems.push({ stage, field, problem });

  const parameters = new Map<string, ValueType>();
  for (const { name, type, default: standard } of definition.parameters) {
    if (parameters.has(name)) report(null, `parameters.${name}`, 'is declared twice');
    parameters.set(name, type);
    if (standard !== undefined && !isOfType(standard, type))
      report(null, `parameters.${name}.default`, `expected ${type}, found ${shown(standard)}`);
  }
  for (const stage of definition.stages) {
    if (stages.has(stage.name)) report(stage.name, 'name', 'another stage has it already');
    stages.set(stage.name, stage);
  }
  for (const stage of definition.stages) {
    for (const need of stage.needs) if (!stages.has(need)) report(stage.name, 'needs', unknownStage(need, stages));
    checkParameters(stage, { parameters, stages }, (field, problem) => report(stage.name, field, problem));
    checkKind(stage, (field, problem) => report(stage.name, field, problem));
  }
  if (problems.length === 0) {
    const cycle = findCycle(definition.stages);
    if (cycle) report(cycle[0] as string, 'needs', `the stages wait for each other: ${cycle.join(' -> ')}`);
  }
  return problems;
}

/** Names of the stages that come before this one: those it needs and those whose outputs it mentions. */
export function dependenciesOf(stage: PipelineStage): string[] {
  const mentioned = referencesIn(stage.parameters).flatMap((reference) =>
    reference.kind === 'output' ? [reference.stage] : [],
  );
  return [...new Set([...stage.needs, ...mentioned])];
}

interface Scope {
  readonly parameters: ReadonlyMap<string, ValueType>;
  readonly stages: ReadonlyMap<string, PipelineStage>;
}
type Report = (field: string, problem: string) => void;

function checkParameters(stage: PipelineStage, scope: Scope, report: Report): void {
  const slots: Readonly<Record<string, Slot>> = stageSpecs[stage.type].parameters;
  for (const [name, slot] of Object.entries(slots))
    if (slot.required && stage.parameters[name] === undefined)
      report(`parameters.${name}`, `is missing: ${slot.description}`);
  for (const [name, value] of Object.entries(stage.parameters)) {
    const field = `parameters.${name}`;
    const slot = slots[name];
    if (!slot) {
      report(field, `${stage.type} takes none of this name; it takes ${Object.keys(slots).join(', ')}`);
      continue;
    }
    for (const reference of referencesIn(value)) checkReference(stage, reference, scope, (text) => report(field, text));
    const whole = typeof value === 'string' ? soleReference(value) : undefined;
    const type = whole ? typeOf(whole, scope) : undefined;
    if (whole) {
      if (type && !fits(type, slot.type)) report(field, `expected ${slot.type}, but ${whole.text} is ${type}`);
    } else if (!isOfType(value, slot.type)) report(field, `expected ${slot.type}, found ${shown(value)}`);
  }
}

function checkReference(
  stage: PipelineStage,
  reference: Reference,
  scope: Scope,
  report: (problem: string) => void,
): void {
  if (reference.kind === 'malformed' || reference.kind === 'event')
    report(
      `${reference.text} is no reference: write \${parameters.name} or \${stages.name.output}, and $\${ for the text itself`,
    );
  else if (reference.kind === 'parameter') {
    if (!scope.parameters.has(reference.name))
      report(`the pipeline has no parameter "${reference.name}"; it has ${listed([...scope.parameters.keys()])}`);
  } else {
    const other = scope.stages.get(reference.stage);
    if (reference.stage === stage.name) report(`${reference.text} is its own output`);
    else if (!other) report(unknownStage(reference.stage, scope.stages));
    else if (typeOf(reference, scope) === undefined)
      report(
        `stage ${reference.stage} gives no "${reference.output}"; it gives ${listed(Object.keys(outputsOf(other.type, other.parameters)))}`,
      );
  }
}

function checkKind(stage: PipelineStage, report: Report): void {
  const { type, parameters } = stage;
  if (stage.cacheSeconds !== undefined && stage.cache === false)
    report('cacheSeconds', 'says nothing where cache is off');
  if (stage.cache && !stageSpecs[type].cached && type !== 'COMMAND')
    report('cache', `${type} acts on the world outside: an earlier result cannot stand for it`);
  if (type === 'APPROVE' && (stage.retries > 0 || stage.timeoutSeconds !== undefined))
    report(stage.retries > 0 ? 'retries' : 'timeoutSeconds', 'a person decides once, in their own time');
  if (type === 'APPROVE' && typeof parameters.role === 'string' && referencesIn(parameters.role).length > 0)
    report('parameters.role', 'must be written out: who starts a run does not choose who may approve it');
  if (type !== 'COMMAND') return;
  if (stage.cache && parameters.codeVersion === undefined)
    report('parameters.codeVersion', 'is missing: without it nobody knows whether a cached result is of the same code');
  if (Array.isArray(parameters.argv) && parameters.argv.length === 0) report('parameters.argv', 'names no program');
  if (
    Array.isArray(parameters.argv) &&
    typeof parameters.argv[0] === 'string' &&
    referencesIn(parameters.argv[0]).length > 0
  )
    report('parameters.argv', 'the program itself must be written out: policy decides by it');
  const declared = parameters.outputs;
  if (typeof declared === 'string') report('parameters.outputs', 'must be written out');
  else
    for (const [name, value] of Object.entries((declared ?? {}) as Values)) {
      if (!/^[A-Za-z][A-Za-z0-9_-]{0,62}$/.test(name)) report(`parameters.outputs.${name}`, 'is no name of an output');
      if (!valueTypes.includes(value as ValueType))
        report(`parameters.outputs.${name}`, `expected one of ${valueTypes.join(', ')}, found ${shown(value)}`);
    }
  for (const [name, value] of Object.entries(
    isOfType(parameters.environment ?? {}, 'OBJECT') ? ((parameters.environment ?? {}) as Values) : {},
  )) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || RESERVED.test(name))
      report(`parameters.environment.${name}`, 'is reserved or no name of a variable');
    if (typeof value !== 'string') report(`parameters.environment.${name}`, `expected STRING, found ${shown(value)}`);
  }
}

function typeOf(reference: Reference, { parameters, stages }: Scope): ValueType | undefined {
  if (reference.kind === 'parameter') return parameters.get(reference.name);
  if (reference.kind !== 'output') return undefined;
  const stage = stages.get(reference.stage);
  return stage && outputsOf(stage.type, stage.parameters)[reference.output];
}

const fits = (found: ValueType, wanted: ValueType): boolean =>
  found === wanted || (found === 'INTEGER' && wanted === 'NUMBER') || (found === 'ARTIFACT' && wanted === 'OBJECT');

/** A way round in the graph, first name again at its end. */
function findCycle(stages: readonly PipelineStage[]): string[] | undefined {
  const needs = new Map(stages.map((stage) => [stage.name, dependenciesOf(stage)]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const need of needs.get(name) ?? []) {
      const cycle = visit(need, [...path, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const { name } of stages) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** What decides which program runs, and what the platform itself says to it. */
const RESERVED = /^(PATH$|LD_|DYLD_|FALAJ_)/;

const unknownStage = (name: string, stages: ReadonlyMap<string, unknown>): string =>
  `there is no stage "${name}"; there are ${listed([...stages.keys()])}`;
const listed = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
const shown = (value: Value): string => JSON.stringify(value).slice(0, 80);
