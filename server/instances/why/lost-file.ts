import type { Instance } from '@llamactl/contract/instance';
import { hasNameInOllama } from '@llamactl/contract/model-names';
import { isOllamaBlob, nameInOllama } from '@llamactl/contract/ollama-options';
import type { Remedy } from '@llamactl/contract/why';
import { shellQuoted } from '../../../format/shell-words.ts';

/** The ways to a model file for an instance whose file does not exist. */
export function lostFile(instance: Instance): Remedy[] {
  const { model, model_path: file } = instance;
  const isBarePath = model === undefined && file !== undefined && isOllamaBlob(file);
  const choose: Remedy = {
    label: `Choose another model file${isBarePath ? ', or a model by its name: Ollama deletes such files' : ''}`,
    link: 'settings/model_path',
  };
  return alternatives(
    fileOfModel(instance),
    [choose],
    file === undefined ? [] : [{ label: `Put the file back: ${file}` }],
  );
}

/** The steps that take the newer version of the model; empty: the library has none. */
export function newerModel(instance: Instance): Remedy[] {
  const { model, newer_model_path: newer } = instance;
  return model === undefined || newer === undefined
    ? []
    : newFile(`Use the newer version of ${model}`, { ...instance, model }, newer);
}

/** Whether the missing file of an instance was one of a model that Ollama no longer has. */
export function isDeletedInOllama({ model, model_path: file = '', newer_model_path: newer }: Instance): boolean {
  return model !== undefined && newer === undefined && isOllamaBlob(file);
}

/** Ways of one or more steps. The first step of each further way says "Or". */
function alternatives(...ways: readonly Remedy[][]): Remedy[] {
  const [first = [], ...others] = ways.filter((way) => way.length > 0);
  return [...first, ...others.flatMap(([step, ...steps]) => (step === undefined ? [] : [orElse(step), ...steps]))];
}

function orElse(step: Remedy): Remedy {
  const { label } = step;
  return { ...step, label: `Or ${label.slice(0, 1).toLowerCase()}${label.slice(1)}` };
}

/** Steps for the missing file of a model. A pull of Ollama gives a model another file, and removes the old one. */
function fileOfModel(instance: Instance): Remedy[] {
  const { model, model_path: file, newer_model_path: newer } = instance;
  if (model === undefined) return [];
  const named = { ...instance, model };
  if (!isDeletedInOllama(instance)) return newFile(`Use the file that ${model} has now`, named, newer);
  const inOllama = shellQuoted(nameInOllama(model));
  return [
    { label: `Ollama no longer has ${inOllama}; to bring it back`, command: `ollama pull ${inOllama}` },
    ...newFile('Then use the file that it has', named, file),
  ];
}

/**
 * The steps that take the file that a model has now. A model of Ollama has a command that does it for all its instances.
 * The instance with a name of the model also gets its settings, which may replace those of the user.
 */
function newFile(label: string, instance: Instance & { model: string }, file: string | undefined): Remedy[] {
  const { model, name, aliases, system_prompt: prompt, request_defaults: defaults } = instance;
  const takeFile: Remedy = { label, operation: 'updateInstance', body: { model } };
  if (file === undefined || !isOllamaBlob(file)) return [takeFile];
  const command = `llamactl import ollama ${shellQuoted(nameInOllama(model))} --update`;
  const hasOwn = prompt !== undefined || Object.keys(defaults).length > 0;
  if (!hasOwn || !hasNameInOllama(model, [name, ...aliases])) return [{ ...takeFile, command }];
  return [
    { label: `${label}; system prompt and request defaults of Ollama replace those of ${name}`, command },
    { ...takeFile, label: 'Or take only the file, and keep these settings' },
  ];
}
