import path from 'node:path';
import type { Cause } from '@llamactl/contract/cause';
import type { Estimate } from '@llamactl/contract/estimate';
import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { shellQuoted } from '../../../format/shell-words.ts';
import { argumentRemedies, type ArgumentFacts } from './argument-remedies.ts';
import { companionIn, companionRemedies, FILE_CAUSES, readable } from './companion-file.ts';
import { isDeletedInOllama, lostFile } from './lost-file.ts';
import { fewerLayers, fitting, LEAST_CONTEXT, smaller } from './memory-remedies.ts';
import { variableRemedies } from './missing-variable.ts';
import { byCommandLine, step, update } from './step.ts';
import type { WhyFacts } from './why-facts.ts';

const LOG: Remedy = { ...step('look_at_output', 'Look at its output'), link: 'log' };
const SYSTEM = 'system';
const UNPIN: Remedy = { ...step('unpin', 'Unpin an instance'), link: 'instances/pinned' };
const OTHERS: Remedy = {
  ...step('see_others_memory', 'See the memory of other instances'),
  link: 'instances',
};

/** The facts that remedies depend on. */
export interface RemedyFacts extends ArgumentFacts {
  /** The memory that it needs and has; `null`: unknown. */
  estimate: Estimate | null;
}

/** The facts that decide which remedies are possible. */
type PossibilityFacts = Pick<WhyFacts, 'engineOptions' | 'tried'>;

/** Steps against a cause, the best one first. @param reason The message that shows the cause. */
export function remediesFor(cause: Cause, reason: string, facts: RemedyFacts): Remedy[] {
  const { instance, estimate } = facts;
  const { model_path: file, engine } = instance;
  const choose: Remedy = { ...step('choose_model', 'Choose another model file'), link: 'settings/model' };
  const companion = companionIn(reason);
  if (companion !== null && FILE_CAUSES.has(cause)) return companionRemedies(cause, companion, instance);
  switch (cause) {
    case 'model_missing':
      return lostFile(instance);
    case 'model_unreadable':
      return [readable(file)];
    case 'model_damaged':
      return [
        file !== undefined && reason.includes('Git LFS pointer')
          ? {
              ...step('fetch_lfs_file', 'Fetch the file itself'),
              command: `git -C ${shellQuoted(path.dirname(file))} lfs pull`,
            }
          : { ...step('download_again', 'Download the model again: its file is damaged, or not GGUF'), link: 'models' },
        choose,
      ];
    case 'wrong_file':
      return [{ ...step('choose_file_of_model', 'Choose the file of the model'), link: 'settings/model' }];
    case 'model_too_new':
      return [
        {
          ...step('install_newer_for_model', 'Install a newer llama-server, which may support this model'),
          link: SYSTEM,
        },
        choose,
      ];
    case 'port_in_use':
      return [
        update(step('free_port', 'Let llamactl choose a free port'), { port: null }),
        { ...step('another_port', 'Give it another port'), link: 'settings/port' },
        step('end_port_holder', 'End the program that uses the port'),
      ];
    case 'engine_missing':
      return engine === 'llama_cpp'
        ? [
            { ...step('install_llama_server', 'Install a llama-server'), command: 'llamactl quickstart' },
            byCommandLine(
              step('set_llama_server_path', 'Set the path of a llama-server'),
              'engines.llama_cpp.command',
              'PROGRAM',
            ),
            { ...step('see_program', 'See which program is found'), link: SYSTEM },
          ]
        : [
            correctCommand(engine),
            { ...step('choose_engine', 'Choose another engine'), link: 'settings/engine' },
            ...variables(instance),
          ];
    case 'library_missing':
      return [
        missingLibrary(instance),
        ...variables(instance),
        { ...step('test_engine', 'Test the engine'), link: SYSTEM },
      ];
    case 'gpu_memory':
      return [...fitting(estimate), ...fewerLayers(instance), ...smaller(instance, estimate), OTHERS];
    case 'memory':
      return [...fitting(estimate), ...smaller(instance, estimate), OTHERS];
    case 'does_not_fit':
      return [
        ...fitting(estimate),
        ...smaller(instance, estimate),
        ...(reason.includes('pinned instances hold') ? [UNPIN] : []),
        ...[...reason.matchAll(/`(memory\.[^`]+)`/g)].map(([, key = '']) => ({
          ...step('raise_key', `Raise ${key}`, { key }),
          link: `configuration/${key}`,
        })),
        OTHERS,
      ];
    case 'killed':
      return [
        {
          ...step('check_oom', 'Check whether the system killed it for its memory'),
          command: 'journalctl -k | grep -i oom',
        },
        ...fitting(estimate),
        ...smaller(instance, estimate),
      ];
    case 'waits_for':
      return [];
    case 'no_slot':
      return [
        UNPIN,
        {
          ...step('raise_max_running', 'Raise the number of running instances'),
          link: 'configuration/instances.max_running',
        },
      ];
    case 'argument':
      return argumentRemedies(reason, facts);
    case 'processor':
      return [{ ...step('install_for_cpu', 'Install a llama-server that was built for this CPU'), link: SYSTEM }];
    case 'crash':
      return [
        LOG,
        ...(engine === 'llama_cpp'
          ? [{ ...step('try_newer_llama_server', 'Try a newer llama-server'), link: SYSTEM }]
          : []),
        step('check_model_file', 'Check that the model file is complete'),
        ...variables(instance),
      ];
    case 'no_progress':
      return [
        {
          ...step('allow_more_time', 'If the disk is slow, allow more time without progress'),
          link: 'configuration/instances.start_timeout',
        },
        LOG,
      ];
    case 'no_answer':
      return [LOG, update(step('one_request_at_once', 'Compute fewer requests at once'), { options: { parallel: 1 } })];
    case 'ended_by_itself':
      return [
        {
          ...step('look_for_ending_option', 'Look for an option that ends it, or a program that did'),
          link: 'settings',
        },
      ];
    case 'unknown':
      return engine === 'llama_cpp'
        ? [LOG, ...variables(instance)]
        : [...variableRemedies(reason, instance), LOG, ...ownProgram(engine), ...variables(instance)];
  }
}

/** The last step of a user who does not want the model back; empty: the file may come back without Ollama. */
export function givingUp(cause: Cause, reason: string, instance: Instance): Remedy[] {
  const isOfModel = cause === 'model_missing' && companionIn(reason) === null && isDeletedInOllama(instance);
  return isOfModel
    ? [{ ...step('delete_instance', 'Or delete the instance'), command: `llamactl rm ${instance.name}` }]
    : [];
}

/** Steps if an engine uses the GPUs less than its settings ask. @param alert The message of the alert. */
export function offloadRemedies({ options }: Instance, alert: string): Remedy[] {
  const { ctx_size: context } = options;
  const isLarge = typeof context !== 'number' || context > LEAST_CONTEXT;
  return [
    ...(alert.includes('no usable GPU') || !isLarge
      ? []
      : [
          update(
            step('context_for_gpu', `Use a context of ${LEAST_CONTEXT} tokens, which leaves more room on the GPU`, {
              tokens: LEAST_CONTEXT,
            }),
            { options: { ctx_size: LEAST_CONTEXT } },
          ),
        ]),
    {
      ...step('see_gpus', 'See the GPUs and the llama-server: a build without GPU support finds none'),
      link: SYSTEM,
    },
    update(step('cpu_only', 'Use only the CPU'), { options: { n_gpu_layers: 0 } }),
  ];
}

/**
 * The remedies that the engine can carry out: those with options only if it has these options. Those that were tried come
 * last.
 */
export function possible(remedies: readonly Remedy[], { engineOptions, tried }: PossibilityFacts): Remedy[] {
  const values = new Map(tried.map(({ setting, value }) => [setting, value]));
  const has = (option: string): boolean => engineOptions === null || engineOptions.has(option);
  const judged = remedies.flatMap((remedy) => {
    const options = Object.entries(optionsOf(remedy));
    const linked = /^settings\/options\.(.+)$/.exec(remedy.link ?? '')?.[1];
    if (linked !== undefined && !has(linked)) return [{ ...remedy, link: 'settings' }];
    // A null removes an option, which is always possible.
    if (options.some(([key, value]) => value !== null && !has(key))) return [];
    const isTried = options.length > 0 && options.every(([key, value]) => values.get(`options.${key}`) === value);
    return [isTried ? { ...remedy, tried: true } : remedy];
  });
  return [...judged.filter((remedy) => remedy.tried !== true), ...judged.filter((remedy) => remedy.tried === true)];
}

/** Whether a remedy sets options of the engine, or leads to one, or to a flag that may be misspelt. */
export function changesOptions(remedy: Remedy): boolean {
  const { link = '' } = remedy;
  return Object.keys(optionsOf(remedy)).length > 0 || /^settings\/(?:options\.|extra_args$)/.test(link);
}

function optionsOf({ operation, body }: Remedy): object {
  const options = operation === 'updateInstance' ? body?.['options'] : undefined;
  return typeof options === 'object' && options !== null ? options : {};
}

/** Steps to what starts a program that llamactl does not know. */
function ownProgram(engine: string): Remedy[] {
  return [
    correctCommand(engine),
    { ...step('correct_arguments', 'Correct its arguments'), link: 'settings/extra_args' },
  ];
}

/** The command of a custom engine is a setting of its instance. */
function correctCommand(engine: string): Remedy {
  const what = step('correct_command', 'Correct the command of the engine');
  return engine === 'custom'
    ? { ...what, link: 'settings/command' }
    : byCommandLine(what, `engines.${engine}.command`, 'PROGRAM');
}

/** The step to the variables of an engine, which may be the cause; empty: the instance sets none. */
function variables({ engine, environment }: Instance): Remedy[] {
  const own: Remedy[] =
    Object.keys(environment).length === 0
      ? []
      : [
          {
            ...step('check_variables', 'Check its environment variables'),
            link: 'settings/environment',
          },
        ];
  // Those of llama_cpp are seldom set.
  if (engine === 'custom' || engine === 'llama_cpp') return own;
  const what = step('check_engine_variables', `Check the environment variables of the engine ${engine}`, { engine });
  return [...own, byCommandLine(what, `engines.${engine}.environment.NAME`, 'VALUE')];
}

/** The step against a library that is missing. A custom engine has its variables in its instance. */
function missingLibrary({ engine }: Instance): Remedy {
  const what = step('install_library', 'Install the missing library, or set LD_LIBRARY_PATH for the engine');
  return engine === 'custom'
    ? { ...what, link: 'settings/environment.LD_LIBRARY_PATH' }
    : byCommandLine(what, `engines.${engine}.environment.LD_LIBRARY_PATH`, 'FOLDER');
}
