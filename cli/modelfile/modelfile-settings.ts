import type { JsonValue, UpdateInstance } from '@llamactl/client';
import { ollamaParameter } from '@llamactl/contract/ollama-options';
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
    if (key === 'stop') {
      defaults['stop'] = [...[defaults['stop'] ?? []].flat(), value];
      continue;
    }
    // Also for text, because the value of an unknown name need not be a number.
    const counterpart = ollamaParameter(key, Number(value));
    if (counterpart === null) {
      dropped.push({ line, text: `PARAMETER ${key} is not used: the engine has no counterpart` });
      continue;
    }
    const number = numberOf(parameter, file);
    if (counterpart === 'default') continue;
    if ('field' in counterpart) defaults[counterpart.field] = number;
    else options[counterpart.option] = number;
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
