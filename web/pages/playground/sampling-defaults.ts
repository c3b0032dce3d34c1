import type { EngineOption, JsonValue } from '@llamactl/client';
import type { NumberParameterKey } from './parameters.ts';

/** The option of llama-server that gives a parameter its default. */
const OPTIONS: Readonly<Record<NumberParameterKey, string>> = {
  temperature: 'temp',
  top_p: 'top_p',
  top_k: 'top_k',
  min_p: 'min_p',
  max_tokens: 'predict',
  seed: 'seed',
};

/** The values that an instance uses where the chat leaves a parameter out. `none`: no limit, or another seed each time. */
export type SamplingDefaults = Readonly<Partial<Record<NumberParameterKey, number | 'none'>>>;

/** Reads the defaults of an instance: its own options, else those of its engine. An unknown one is left out. */
export function samplingDefaults(
  known: readonly EngineOption[],
  set: Readonly<Record<string, JsonValue>>,
): SamplingDefaults {
  const found: Partial<Record<NumberParameterKey, number | 'none'>> = {};
  for (const key of Object.keys(OPTIONS) as NumberParameterKey[]) {
    const option = known.find((each) => each.key === OPTIONS[key]);
    const value = option === undefined ? null : Number(setValue(option, set) ?? option.default ?? 'none');
    if (value === null || Number.isNaN(value)) continue;
    found[key] = value < 0 ? 'none' : value;
  }
  return found;
}

/** The value under any of the names that the engine accepts for an option. */
function setValue({ key, flags }: EngineOption, set: Readonly<Record<string, JsonValue>>): JsonValue | undefined {
  const names = [key, ...flags.map((flag) => flag.replace(/^-+/, '').replaceAll('-', '_'))];
  return names.map((name) => set[name]).find((value) => value !== undefined);
}
