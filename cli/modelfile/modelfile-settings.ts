import type { JsonValue, UpdateInstance } from '@llamactl/client';
import {
  OLLAMA_ALONE,
  OLLAMA_PARAMETERS,
  OLLAMA_SWITCHES,
  parametersOfOllama,
} from '@llamactl/contract/ollama-options';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import type { Instruction } from './modelfile-text.ts';

/** The settings of an instance that a Modelfile has, before its model and its files are found. */
export interface ModelfileSettings {
  /** `null`: Ollama's default, also if the model of FROM has another value. */
  settings: Pick<UpdateInstance, 'options' | 'request_defaults' | 'system_prompt'>;
  /** In their order; the first one is the model, others are projectors. */
  from: Instruction[];
  adapters: Instruction[];
  /** The instructions that have no effect here, each with the reason. */
  dropped: { line: number; text: string }[];
}

type Nearest = (word: string, known: readonly string[]) => string | null;

/** Why an instruction has no effect. */
const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  TEMPLATE: "is not used: the chat template in the model's file is used; the option chat_template sets another",
  MESSAGE: 'is not used: programs send the conversation with each request',
  LICENSE: 'is not kept',
  RENDERER: "is not used: the chat template in the model's file is used",
  PARSER: 'is not used: the engine reads the answers of the model itself',
  REQUIRES: 'is not used: it is a version of Ollama',
};

/**
 * Translates the instructions of a Modelfile. Pure.
 *
 * @param file Its name in messages.
 * @param nearest Finds the known word that an unknown one means.
 * @throws {Problem} with the line
 */
export function modelfileSettings(
  instructions: readonly Instruction[],
  file: string,
  nearest: Nearest,
): ModelfileSettings {
  const of = (word: string): Instruction[] => instructions.filter((each) => each.word === word);
  const from = of('FROM');
  if (from.length === 0) throw new Problem(`${file} has no FROM, which names the model`, EXIT.usage);
  const dropped = instructions.flatMap(({ word, line }) => {
    const why = WITHOUT_EFFECT[word];
    return why === undefined ? [] : [{ line, text: `${word} ${why}` }];
  });
  const parameters: Record<string, JsonValue> = {};
  for (const parameter of of('PARAMETER')) {
    const { key, value, line } = parameter;
    if (!hasCounterpart(parameter, file, nearest))
      dropped.push({ line, text: `PARAMETER ${key} is not used: it has no counterpart here` });
    else if (key === 'stop') parameters['stop'] = [...[parameters['stop'] ?? []].flat(), value];
    else parameters[key] = OLLAMA_SWITCHES.includes(key) ? switchOf(parameter, file) : numberOf(parameter, file);
  }
  const { fields, options } = parametersOfOllama(parameters);
  const system = of('SYSTEM').at(-1);
  return {
    settings: {
      ...(Object.keys(options).length === 0 ? {} : { options }),
      ...(Object.keys(fields).length === 0 ? {} : { request_defaults: fields }),
      ...(system === undefined ? {} : { system_prompt: system.value.trim() }),
    },
    from,
    adapters: of('ADAPTER'),
    dropped: dropped.toSorted((one, other) => one.line - other.line),
  };
}

/**
 * Whether a parameter has a counterpart here.
 *
 * @throws {Problem} for a mistyped name, which Ollama refuses too
 */
function hasCounterpart({ key, line }: Instruction, file: string, nearest: Nearest): boolean {
  if (OLLAMA_PARAMETERS.includes(key)) return true;
  const near = OLLAMA_ALONE.has(key) ? null : nearest(key, OLLAMA_PARAMETERS);
  if (near === null) return false;
  throw new Problem(`${file}:${line}: there is no PARAMETER ${key}; did you mean ${near}?`, EXIT.usage);
}

function switchOf({ key, value, line }: Instruction, file: string): boolean {
  const word = value.toLowerCase();
  if (/^(?:1|t|true)$/.test(word)) return true;
  if (/^(?:0|f|false)$/.test(word)) return false;
  throw new Problem(`${file}:${line}: PARAMETER ${key} must be true or false, not ${value}`, EXIT.usage);
}

function numberOf({ key, value, line }: Instruction, file: string): number {
  const number = Number(value);
  if (Number.isFinite(number)) return number;
  throw new Problem(`${file}:${line}: PARAMETER ${key} must be a number, not ${value}`, EXIT.usage);
}
