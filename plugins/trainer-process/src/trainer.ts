import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginHost, TrainerCall, TrainerV1, TrainingParameter, TrainRequest } from '@falaj/contracts';
import { checkTrainRequest, PluginError, type TrainLimits, throwIfCancelled } from '@falaj/plugin-sdk';
import { type Command, runCommand } from './command.js';
import { readResult } from './result.js';
import { clearLeftRuns, createRunFolder, writeRequest } from './run-folder.js';

export interface ProcessTrainerConfig extends TrainLimits {
  readonly commands: Readonly<
    Record<string, Command & { readonly parameters: Readonly<Record<string, TrainingParameter>> }>
  >;
  readonly maxModelBytes: number;
}

/** Where `import falaj_trainer` finds it. */
const PYTHON = fileURLToPath(new URL('../python', import.meta.url));

export function openTrainer(config: ProcessTrainerConfig, host: PluginHost): TrainerV1 {
  clearLeftRuns(host.directory);
  return {
    health: async () => ({ ok: true, detail: `commands: ${Object.keys(config.commands).join(', ')}` }),
    close: async () => {},
    async train(request, call) {
      throwIfCancelled(call);
      checkTrainRequest(request, config);
      const { command, parameters } = chosen(config, request.parameters);
      const folder = createRunFolder(host.directory);
      try {
        await writeRequest(folder, request, parameters);
        await runCommand(
          command,
          folder.path,
          {
            FALAJ_REQUEST: path.join(folder.path, 'request.json'),
            FALAJ_OUTPUT: folder.output,
            FALAJ_PROGRESS_FD: '3',
            FALAJ_SEED: String(request.seed),
            PYTHONHASHSEED: String(request.seed >>> 0),
            PYTHONPATH: PYTHON,
            PYTHONDONTWRITEBYTECODE: '1',
            ...accessOf(command, request),
          },
          call.signal,
          folder.started,
          progressReader(call),
        );
        return await readResult(folder.output, request, parameters, config.maxModelBytes);
      } finally {
        folder.remove();
      }
    },
  };
}

/** The graph, for a command that its operator lets ask. */
function accessOf({ platformAccess }: Command, { access }: TrainRequest): Record<string, string> {
  if (!platformAccess) return {};
  if (!access)
    throw new PluginError('FAILED', 'The command needs the graph (platformAccess), and the platform gave it no token.');
  return { FALAJ_URL: access.url, FALAJ_TOKEN: access.token };
}

/** The command and every parameter with the value that is used. */
function chosen({ commands }: ProcessTrainerConfig, given: Readonly<Record<string, TrainingParameter>>) {
  const names = Object.keys(commands);
  const { command: name = names[0] ?? '', ...rest } = given;
  const command = typeof name === 'string' && Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    throw new PluginError('BAD_INPUT', `Parameter "command" is ${JSON.stringify(name)}; allowed: ${names.join(', ')}.`);
  }
  for (const [parameter, value] of Object.entries(rest)) {
    const fallback = Object.hasOwn(command.parameters, parameter) ? command.parameters[parameter] : undefined;
    if (fallback === undefined) {
      const allowed = Object.keys(command.parameters).join(', ') || 'none';
      throw new PluginError('BAD_INPUT', `Unknown parameter "${parameter}"; allowed for ${name}: ${allowed}.`);
    }
    if (typeof value !== typeof fallback) {
      throw new PluginError(
        'BAD_INPUT',
        `Parameter "${parameter}" is ${JSON.stringify(value)}; allowed: a ${typeof fallback}.`,
      );
    }
  }
  return { command, parameters: { command: String(name), ...command.parameters, ...rest } };
}

/** Lines `{"step": 1, "totalSteps": 10, "metrics": {"loss": 0.7}}`; what is none, or goes backwards, is left out. */
function progressReader(call: TrainerCall): (line: string) => void {
  let last = 0;
  return (line) => {
    let told: { step?: unknown; totalSteps?: unknown; metrics?: unknown };
    try {
      told = JSON.parse(line) ?? {};
    } catch {
      call.log.warn('A line of progress is no JSON.', { line: line.slice(0, 200) });
      return;
    }
    const { step, totalSteps, metrics } = told;
    if (!Number.isSafeInteger(step) || !Number.isSafeInteger(totalSteps)) return;
    if ((step as number) <= last || (step as number) > (totalSteps as number)) return;
    last = step as number;
    const finite = Object.entries(metrics ?? {}).filter((entry): entry is [string, number] =>
      Number.isFinite(entry[1]),
    );
    call.report({ step: last, totalSteps: totalSteps as number, metrics: Object.fromEntries(finite) });
  };
}
