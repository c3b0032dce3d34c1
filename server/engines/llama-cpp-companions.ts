import type { CompanionFiles, Settings } from '../instances/ports/instance-record.ts';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { bareName, type FlagCatalogue, type FlagEntry } from './flags.ts';
import { flagNames } from './launch-words.ts';

/** The flag for a companion, and all words with which a user decides about it. */
interface CompanionFlag {
  flag: string;
  /** Names of flags and options, without `no-`. */
  names: readonly string[];
  variables: readonly string[];
}

/** On build 11669. `--no-mmproj` is the negation of `--mmproj-auto`. */
const FLAGS: Readonly<Record<keyof CompanionFiles, CompanionFlag>> = {
  projector: {
    flag: '--mmproj',
    names: ['mmproj', 'mm', 'mmproj-url', 'mmu', 'mmproj-auto'],
    variables: ['LLAMA_ARG_MMPROJ', 'LLAMA_ARG_MMPROJ_URL', 'LLAMA_ARG_MMPROJ_AUTO', 'LLAMA_ARG_NO_MMPROJ'],
  },
  adapter: { flag: '--lora', names: ['lora', 'lora-scaled'], variables: ['LLAMA_ARG_LORA', 'LLAMA_ARG_LORA_SCALED'] },
};

/** Whether this is the flag for a companion: `false` starts the model without it. */
export function isCompanionFlag({ spellings }: Pick<FlagEntry, 'spellings'>): boolean {
  return Object.values(FLAGS).some(({ flag }) => spellings.includes(flag));
}

/**
 * The arguments for the companions of a model. An option, an argument or a variable that names another file, or none, wins.
 *
 * @param given The other words of the launch.
 * @param catalogue Flags of the engine; one without the flag of a companion gets no such argument.
 */
export function companionArguments(
  { companions = {}, options }: Pick<Settings, 'companions' | 'options'>,
  { argv, environment }: Pick<LaunchPlan, 'argv' | 'environment'>,
  catalogue: FlagCatalogue | null,
): string[] {
  // `mmproj: false` becomes no argument, so the keys count too.
  const named = new Set(Array.from(flagNames(options, argv), (name) => name.replace(/^no-/, '')));
  const argumentsOf = (kind: keyof CompanionFiles): string[] => {
    const { flag, names, variables } = FLAGS[kind];
    const file = companions[kind];
    const isDecided =
      names.some((name) => named.has(name)) || variables.some((each) => environment[each] !== undefined);
    const isKnown = catalogue === null || catalogue.find(bareName(flag)) !== null;
    return file === undefined || isDecided || !isKnown ? [] : [flag, file];
  };
  return [...argumentsOf('projector'), ...argumentsOf('adapter')];
}
