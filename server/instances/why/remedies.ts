import path from 'node:path';
import type { Cause } from '@llamactl/contract/cause';
import type { Estimate } from '@llamactl/contract/estimate';
import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { shellQuoted } from '../../../format/shell-words.ts';
import { isDeletedInOllama, lostFile } from './lost-file.ts';
import type { WhyFacts } from './why-facts.ts';

/** Tokens; a smaller context saves little. */
const LEAST_CONTEXT = 4_096;
/** Layers for a GPU that has too little memory for all. */
const FEWER_LAYERS = 20;
const LOG: Remedy = { label: 'Look at its output', link: 'log' };
const SYSTEM = 'system';
const UNPIN: Remedy = { label: 'Unpin an instance', link: 'instances/pinned' };
const OTHERS: Remedy = { label: 'See the memory of other instances', link: 'instances' };

/** The facts that remedies depend on. */
export interface RemedyFacts {
  instance: Instance;
  /** The memory that it needs and has; `null`: unknown. */
  estimate: Estimate | null;
  /** Returns the option of the engine that an unknown name probably meant; `null`: none is like it, or they were not asked. */
  meantOption: (name: string) => string | null;
}

/** The facts that decide which remedies are possible. */
type PossibilityFacts = Pick<WhyFacts, 'engineOptions' | 'tried'>;

/** Steps against a cause, the best one first. @param reason The message that shows the cause. */
export function remediesFor(cause: Cause, reason: string, facts: RemedyFacts): Remedy[] {
  const { instance, estimate } = facts;
  const { model_path: file, engine } = instance;
  const choose: Remedy = { label: 'Choose another model file', link: 'settings/model_path' };
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
          ? { label: 'Fetch the file itself', command: `git -C ${shellQuoted(path.dirname(file))} lfs pull` }
          : { label: 'Download the model again: its file is damaged, or not GGUF', link: 'models' },
        choose,
      ];
    case 'wrong_file':
      return [{ label: 'Choose the file of the model', link: 'settings/model_path' }];
    case 'model_too_new':
      return [{ label: 'Install a newer llama-server, which may support this model', link: SYSTEM }, choose];
    case 'port_in_use':
      return [
        update('Let llamactl choose a free port', { port: null }),
        { label: 'Give it another port', link: 'settings/port' },
        { label: 'End the program that uses the port' },
      ];
    case 'engine_missing':
      return engine === 'llama_cpp'
        ? [
            { label: 'Install a llama-server', command: 'llamactl quickstart' },
            { label: 'Set the path of a llama-server', link: 'configuration/engines.llama_cpp.command' },
            { label: 'See which program is found', link: SYSTEM },
          ]
        : [correctCommand(engine), { label: 'Choose another engine', link: 'settings/engine' }];
    case 'library_missing':
      return [
        {
          label: 'Install the missing library, or set LD_LIBRARY_PATH for the engine',
          link: `configuration/engines.${engine}.environment`,
        },
        { label: 'Test the engine', link: SYSTEM },
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
          label: `Raise ${key}`,
          link: `configuration/${key}`,
        })),
        OTHERS,
      ];
    case 'killed':
      return [
        { label: 'Check whether the system killed it for its memory', command: 'journalctl -k | grep -i oom' },
        ...fitting(estimate),
        ...smaller(instance, estimate),
      ];
    case 'waits_for':
      return [];
    case 'no_slot':
      return [UNPIN, { label: 'Raise the number of running instances', link: 'configuration/instances.max_running' }];
    case 'argument':
      return argument(reason, facts);
    case 'processor':
      return [{ label: 'Install a llama-server that was built for this CPU', link: SYSTEM }];
    case 'crash':
      return [
        LOG,
        { label: 'Try a newer llama-server', link: SYSTEM },
        { label: 'Check that the model file is complete' },
      ];
    case 'no_progress':
      return [
        {
          label: 'If the disk is slow, allow more time without progress',
          link: 'configuration/instances.start_timeout',
        },
        LOG,
      ];
    case 'no_answer':
      return [LOG, update('Compute fewer requests at once', { options: { parallel: 1 } })];
    case 'ended_by_itself':
      return [{ label: 'Look for an option that ends it, or a program that did', link: 'settings' }];
    case 'unknown':
      return engine === 'llama_cpp' ? [LOG] : [LOG, ...ownProgram(engine)];
  }
}

/** The last step of a user who does not want the model back; empty: the file may come back without Ollama. */
export function givingUp(cause: Cause, reason: string, instance: Instance): Remedy[] {
  const isOfModel = cause === 'model_missing' && companionIn(reason) === null && isDeletedInOllama(instance);
  return isOfModel ? [{ label: 'Or delete the instance', command: `llamactl rm ${instance.name}` }] : [];
}

/** Steps if an engine uses the GPUs less than its settings ask. @param alert The message of the alert. */
export function offloadRemedies({ options }: Instance, alert: string): Remedy[] {
  const { ctx_size: context } = options;
  const isLarge = typeof context !== 'number' || context > LEAST_CONTEXT;
  return [
    ...(alert.includes('no usable GPU') || !isLarge
      ? []
      : [
          update(`Use a context of ${LEAST_CONTEXT} tokens, which leaves more room on the GPU`, {
            options: { ctx_size: LEAST_CONTEXT },
          }),
        ]),
    { label: 'See the GPUs and the llama-server: a build without GPU support finds none', link: SYSTEM },
    update('Use only the CPU', { options: { n_gpu_layers: 0 } }),
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

/** Fewer layers on the GPU than now; with a small number already, also half of it. */
function fewerLayers({ options: { n_gpu_layers: layers } }: Instance): Remedy[] {
  const label = 'Leave a part of it to the CPU';
  const fewer = update(label, { options: { n_gpu_layers: FEWER_LAYERS } });
  if (typeof layers !== 'number' || layers < 1 || layers > FEWER_LAYERS) return [fewer];
  const half = layers >> 1;
  const less = update(`Leave more of it to the CPU: ${half} instead of ${layers} layers on the GPU`, {
    options: { n_gpu_layers: half },
  });
  return layers === FEWER_LAYERS ? [less, fewer] : [less];
}

/** A remedy that changes settings. */
function update(label: string, body: NonNullable<Remedy['body']>): Remedy {
  return { label, operation: 'updateInstance', body };
}

/** A file beside the model, in a reason. */
interface NamedCompanion {
  subject: string;
  file: string;
}

/** Causes of files that an instance cannot load. */
const FILE_CAUSES: ReadonlySet<Cause> = new Set(['model_missing', 'model_unreadable', 'model_damaged', 'wrong_file']);

/** The file beside the model that a reason is about; `null`: it is about another matter. */
function companionIn(reason: string): NamedCompanion | null {
  const [, subject, file] =
    /\bthe (projector|draft model|LoRA adapter|control vector),? (\S.*?) (?:does not|is|has|cannot)\b/.exec(reason) ??
    [];
  return subject === undefined || file === undefined ? null : { subject, file };
}

/** The step against a file that the server may not read. @param file `undefined`: the instance names none */
function readable(file: string | undefined): Remedy {
  return {
    label: "Let the server's user read the file, and enter its folders",
    ...(file === undefined ? {} : { command: `chmod a+r ${shellQuoted(file)}` }),
  };
}

/** Steps against a file beside the model, which an option names, or which was found with the model. */
function companionRemedies(cause: Cause, { subject, file }: NamedCompanion, instance: Instance): Remedy[] {
  const { options, model, model_path: modelFile } = instance;
  const [key] = Object.entries(options).find(([, value]) => [value].flat().join(' ').includes(file)) ?? [];
  const again = model === undefined ? { model_path: modelFile ?? null } : { model };
  const choices =
    key === undefined
      ? [
          update('Look for the files of the model again', again),
          ...(subject === 'projector' ? [update('Start without the projector', { options: { mmproj: false } })] : []),
        ]
      : [
          { label: `Correct the option ${key}`, link: `settings/options.${key}` },
          update(`Start without the ${subject}`, { options: { [key]: null } }),
        ];
  return [
    ...(cause === 'model_unreadable' ? [readable(file)] : []),
    ...choices,
    ...(cause === 'model_missing' ? [{ label: `Put the file back: ${file}` }] : []),
  ];
}

/** Changes with which it fits, as estimated. */
export function fitting(estimate: Estimate | null): Remedy[] {
  if (estimate === null || estimate.fits) return [];
  const { suggestions, must_stop: others } = estimate;
  return [
    ...suggestions.map(({ label, options }) => update(`Use ${label}, which fits`, { options })),
    ...stopping(others),
  ];
}

/** Stops other instances, if the caller may see all of them. */
export function stopping(names: readonly string[]): Remedy[] {
  if (names.length === 0 || names.some((name) => name.includes(' '))) return [];
  return [{ label: `Stop ${names.join(', ')}`, operation: 'stopAllInstances', body: { names: [...names] } }];
}

/** A smaller context, unless an estimate names one that fits. */
function smaller({ options: { ctx_size: context } }: Instance, estimate: Estimate | null): Remedy[] {
  if (fitting(estimate).some(({ operation }) => operation === 'updateInstance')) return [];
  // Without the option the context is the model's own, which may be smaller than any number named here.
  if (typeof context !== 'number' || context <= 1)
    return [{ label: 'Make its context smaller, or choose a smaller model', link: 'settings/options.ctx_size' }];
  const less = Math.max(1, Math.min(LEAST_CONTEXT, context >> 1));
  return [update(`Use a context of ${less} tokens`, { options: { ctx_size: less } })];
}

/** Steps to what starts a program that llamactl does not know. */
function ownProgram(engine: string): Remedy[] {
  return [correctCommand(engine), { label: 'Correct its arguments', link: 'settings/extra_args' }];
}

/** The command of a custom engine is a setting of its instance. */
function correctCommand(engine: string): Remedy {
  const link = engine === 'custom' ? 'settings/command' : `configuration/engines.${engine}.command`;
  return { label: 'Correct the command of the engine', link };
}

function argument(reason: string, { instance: { options, extra_args: extra }, meantOption }: RemedyFacts): Remedy[] {
  const flag = /(?:invalid argument:|argument) "?(--?[A-Za-z0-9-]+)/.exec(reason)?.[1] ?? '';
  const key = flag.replace(/^--?(?:no-)?/, '').replaceAll('-', '_');
  if (!Object.hasOwn(options, key)) {
    // A line such as `--flag 1` is one argument for the engine, which it refuses.
    const isExtra =
      flag !== '' && extra.some((word) => /^(?:$|[=\s])/.test(word.slice(flag.length)) && word.startsWith(flag));
    if (isExtra) {
      return [
        ...meantFlag(flag, extra, meantOption),
        { label: 'Correct its further arguments', link: 'settings/extra_args' },
      ];
    }
    const variable = /^environment variable "?(\w+)|^the stored variables? `(\w+)/.exec(reason);
    const name = variable?.[1] ?? variable?.[2];
    if (name !== undefined) return [{ label: `Correct the variable ${name}`, link: `settings/environment.${name}` }];
    return [{ label: 'Correct its options and arguments', link: 'settings' }];
  }
  return [
    update(`Remove the option ${key}`, { options: { [key]: null } }),
    { label: `Give ${key} another value`, link: `settings/options.${key}` },
  ];
}

/** The step that takes the flag that was probably meant; empty: no flag of the engine is like it. */
function meantFlag(flag: string, extra: readonly string[], meantBy: RemedyFacts['meantOption']): Remedy[] {
  const unknown = flag.replace(/^--?/, '').replaceAll('-', '_');
  const meant = meantBy(unknown);
  if (meant === null || meant === unknown) return [];
  const correct = `${meant.length < 3 ? '-' : '--'}${meant.replaceAll('_', '-')}`;
  const words = extra.map((word) =>
    word === flag || word.startsWith(`${flag}=`) ? correct + word.slice(flag.length) : word,
  );
  // In `--flag 1`, one argument with a space, another name alone would not help.
  if (words.every((word) => extra.includes(word))) return [];
  return [update(`Use \`${correct}\` instead of \`${flag}\``, { extra_args: words })];
}
