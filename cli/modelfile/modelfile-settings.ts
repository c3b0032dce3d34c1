import type { JsonValue, UpdateInstance } from '@llamactl/client';
import {
  isOllamaOptionSet,
  OLLAMA_FIELDS,
  OLLAMA_OPTIONS,
  OLLAMA_SAME_FIELDS,
} from '@llamactl/contract/ollama-options';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Instruction } from './modelfile-text.ts';

/** The settings of an instance that a Modelfile has, before its model and its files are found. */
export interface ModelfileSettings {
  settings: Pick<UpdateInstance, 'options' | 'request_defaults' | 'system_prompt'>;
  /** In their order; the first one is the model, others are projectors. */
  from: Instruction[];
  adapters: Instruction[];
  /** The instructions that have no effect here, each with the reason. */
  dropped: { line: number; text: string }[];
}

/** Why an instruction has no effect. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  TEMPLATE: "is not used: the chat template in the model's file is used; the option chat_template sets another",
  MESSAGE: 'is not used: programs send the conversation with each request',
  LICENSE: 'is not kept',
  RENDERER: "is not used: the chat template in the model's file is used",
  PARSER: 'is not used: the engine reads the answers of the model itself',
  REQUIRES: 'is not used: it is a version of Ollama',
};

/** Translates the instructions of a Modelfile. Pure. @param file Its name in messages. @throws {Problem} with the line */
export function modelfileSettings(instructions: readonly Instruction[], file: string): ModelfileSettings {
  const of = (word: string): Instruction[] => instructions.filter((each) => each.word === word);
  const from = of('FROM');
  if (from.length === 0) throw new Problem(`${file} has no FROM, which names the model`, EXIT.usage);
  const dropped = instructions.flatMap(({ word, line }) => {
    const why = WITHOUT_EFFECT[word];
    return why === undefined ? [] : [{ line, text: `${word} ${why}` }];
  });
  const options: Record<string, number> = {};
  const defaults: Record<string, JsonValue> = {};
  for (const parameter of of('PARAMETER')) {
    const { key, value, line } = parameter;
    const option = OLLAMA_OPTIONS.get(key);
    const number = Number(value);
    if (key === 'stop') defaults['stop'] = [...[defaults['stop'] ?? []].flat(), value];
    else if (option !== undefined) {
      if (isOllamaOptionSet(key, numberOf(parameter, file))) options[option] = number;
    } else if (OLLAMA_SAME_FIELDS.has(key)) defaults[key] = numberOf(parameter, file);
    else if (key === 'num_predict') {
      // -1: without a limit, which is the default here; -2: until the context is full.
      if (numberOf(parameter, file) > 0) defaults[OLLAMA_FIELDS.get(key) ?? key] = number;
    } else dropped.push({ line, text: `PARAMETER ${key} is not used: the engine has no counterpart` });
  }
  const system = of('SYSTEM').at(-1);
  return {
    settings: {
      ...(Object.keys(options).length === 0 ? {} : { options }),
      ...(Object.keys(defaults).length === 0 ? {} : { request_defaults: defaults }),
      ...(system === undefined ? {} : { system_prompt: system.value.trim() }),
    },
    from,
    adapters: of('ADAPTER'),
    dropped: dropped.toSorted((one, other) => one.line - other.line),
  };
}

function numberOf({ key, value, line }: Instruction, file: string): number {
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new Problem(`${file}:${line}: PARAMETER ${key} must be a number, not ${value}`, EXIT.usage);
}
