import type { Instance } from '@llamactl/contract/instance';
import { hasNameInOllama } from '@llamactl/contract/model-names';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import type { PhraseKind } from '@llamactl/contract/phrases';
import type { Remedy } from '@llamactl/contract/why';
import { shellQuoted } from '../../../format/shell-words.ts';
import { step, type Step } from './step.ts';

/** The ways to a model file for an instance whose file does not exist. */
export function lostFile(instance: Instance): Remedy[] {
  const { model, model_path: file } = instance;
  const isBarePath = model === undefined && file !== undefined && isOllamaBlob(file);
  const what = isBarePath
    ? step('choose_model_or_name', 'Choose another model file, or a model by its name: Ollama deletes such files')
    : step('choose_model', 'Choose another model file');
  return alternatives(
    fileOfModel(instance),
    [{ ...what, link: 'settings/model' }],
    file === undefined ? [] : [step('put_back', `Put the file back: ${file}`, { file })],
  );
}

/** The steps that take the newer version of the model; empty: the library has none. */
export function newerModel(instance: Instance): Remedy[] {
  const { model, newer_model_path: newer } = instance;
  return model === undefined || newer === undefined
    ? []
    : newFile(step('use_newer_version', `Use the newer version of ${model}`, { model }), { ...instance, model }, newer);
}

/** Whether the missing file of an instance was one of a model that Ollama no longer has. */
export function isDeletedInOllama({ model, model_path: file = '', newer_model_path: newer }: Instance): boolean {
  return model !== undefined && newer === undefined && isOllamaBlob(file);
}

/** Ways of one or more steps. The first step of each further way says "Or". */
function alternatives(...ways: readonly Remedy[][]): Remedy[] {
  const [first = [], ...others] = ways.filter((way) => way.length > 0);
  return [...first, ...others.flatMap(([next, ...steps]) => (next === undefined ? [] : [orElse(next), ...steps]))];
}

/** The phrases of a step that may be the first one of a further way. */
const OR_ELSE: Readonly<Partial<Record<PhraseKind, PhraseKind>>> = {
  choose_model: 'or_choose_model',
  choose_model_or_name: 'or_choose_model_or_name',
  put_back: 'or_put_back',
  use_present_file: 'or_use_present_file',
};

function orElse(remedy: Remedy): Remedy {
  const { label, phrase } = remedy;
  const kind = phrase && OR_ELSE[phrase.kind];
  return {
    ...remedy,
    label: `Or ${label.slice(0, 1).toLowerCase()}${label.slice(1)}`,
    ...(phrase === undefined || kind === undefined ? {} : { phrase: { ...phrase, kind } }),
  };
}

/** Steps for the missing file of a model. A pull of Ollama gives a model another file, and removes the old one. */
function fileOfModel(instance: Instance): Remedy[] {
  const { model, model_path: file, newer_model_path: newer } = instance;
  if (model === undefined) return [];
  const named = { ...instance, model };
  if (!isDeletedInOllama(instance))
    return newFile(step('use_present_file', `Use the file that ${model} has now`, { model }), named, newer);
  const inOllama = shellQuoted(nameInOllama(model));
  return [
    {
      ...step('pull_with_ollama', `Ollama no longer has ${inOllama}; to bring it back`, { model: inOllama }),
      command: `ollama pull ${inOllama}`,
    },
    ...newFile(step('then_use_file', 'Then use the file that it has'), named, file),
  ];
}

/**
 * The steps that take the file that a model has now. A model of Ollama has a command that does it for all its instances.
 * The instance with a name of the model also gets its settings, which may replace those of the user.
 */
function newFile(what: Step, instance: Instance & { model: string }, file: string | undefined): Remedy[] {
  const { model, name, aliases, system_prompt: prompt, request_defaults: defaults } = instance;
  const takeFile: Remedy = { ...what, operation: 'updateInstance', body: { model } };
  if (file === undefined || !isOllamaBlob(file)) return [takeFile];
  const command = `llamactl import ollama ${shellQuoted(nameInOllama(model))} --update`;
  const hasOwn = prompt !== undefined || Object.keys(defaults).length > 0;
  if (!hasOwn || !hasNameInOllama(model, [name, ...aliases])) return [{ ...takeFile, command }];
  return [
    {
      ...step(
        'take_file_and_settings',
        `${what.label}; system prompt and request defaults of Ollama replace those of ${name}`,
        { model, name },
      ),
      command,
    },
    { ...takeFile, ...step('only_file', 'Or take only the file, and keep these settings') },
  ];
}
