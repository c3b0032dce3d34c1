import type { LaunchPlan } from '../instances/ports/runs.ts';
import { bareName, type FlagCatalogue } from './flags.ts';

/** The format of a flag's files: one, several with commas, or several with `:SCALE` each. */
type FileList = 'one' | 'list' | 'scaled';

/** Flags whose value names GGUF files, which are checked like `model_path`. */
const MODEL_FLAGS: ReadonlyMap<string, FileList> = new Map([
  ['mmproj', 'one'],
  ['mm', 'one'],
  ['spec-draft-model', 'one'],
  ['model-draft', 'one'],
  ['md', 'one'],
  ['lora', 'list'],
  ['control-vector', 'list'],
  ['lora-scaled', 'scaled'],
  ['control-vector-scaled', 'scaled'],
]);

/** The GGUF files of a plan besides the model, from arguments and from variables of the same flags. */
export function modelFiles(
  { argv, environment }: Pick<LaunchPlan, 'argv' | 'environment'>,
  catalogue: FlagCatalogue | null,
): string[] {
  const named = argv.flatMap((argument, index) => {
    const value = argv[index + 1];
    if (!argument.startsWith('-') || value === undefined) return [];
    return filesOf(argument, value, catalogue);
  });
  const twins = Object.entries(environment).flatMap(([variable, value]) => {
    const flag = flagOf(variable, catalogue);
    return flag === null || value === '' ? [] : filesOf(flag, value, catalogue);
  });
  return [...named, ...twins];
}

function filesOf(spelling: string, value: string, catalogue: FlagCatalogue | null): string[] {
  const entry = catalogue?.findArgument(spelling)?.entry;
  const names = [spelling, ...(entry?.spellings ?? [])].map(bareName);
  const kind = names.map((name) => MODEL_FLAGS.get(name)).find((each) => each !== undefined);
  if (kind === undefined) return [];
  const isList = entry === undefined ? kind !== 'one' : entry.separator === ',';
  return (isList ? value.split(',') : [value]).map((file) => (kind === 'scaled' ? file.replace(/:[^:/]*$/, '') : file));
}

/** The flag that a variable sets; `null`: none. */
function flagOf(variable: string, catalogue: FlagCatalogue | null): string | null {
  const known = catalogue?.findVariable(variable)?.spellings[0];
  const named = /^LLAMA_ARG_(\w+)$/.exec(variable)?.[1];
  return known ?? (named === undefined ? null : `--${bareName(named.toLowerCase())}`);
}
