import { TextArea, TextField } from '../../components/field.tsx';
import { plainNumber } from '../../lib/figures.ts';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import {
  NUMBER_PARAMETERS,
  problemOf,
  type NumberParameterKey,
  type ParameterProblem,
  type ParameterTexts,
} from './parameters.ts';
import type { SamplingDefaults } from './sampling-defaults.ts';

interface ParameterFormProps {
  parameters: ParameterTexts;
  /** The values that the instance uses for empty fields. */
  defaults?: SamplingDefaults;
  onChange: (parameters: ParameterTexts) => void;
}

/** The parameters of an answer. Empty fields are left to the instance. */
export function ParameterForm({ parameters, defaults = {}, onChange }: ParameterFormProps) {
  const words = useWords(playgroundWords);
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 font-strong">{words.parameters}</legend>
      <p className="-mt-2 text-mute">{words.parametersHint}</p>
      <div className="grid grid-cols-2 gap-3">
        {NUMBER_PARAMETERS.map((parameter) => {
          const { key } = parameter;
          const text = parameters[key] ?? '';
          return (
            <TextField
              key={key}
              label={words.parameterNames[key]}
              inputMode="decimal"
              autoComplete="off"
              placeholder={placeholderOf(key, defaults, words)}
              value={text}
              error={problemSentence(problemOf(parameter, text), words)}
              onChange={({ target }) => onChange({ ...parameters, [key]: target.value })}
            />
          );
        })}
      </div>
      <TextArea
        label={words.parameterNames.stop}
        hint={words.stopHint}
        isMono
        rows={2}
        value={parameters.stop ?? ''}
        onChange={({ target }) => onChange({ ...parameters, stop: target.value })}
      />
    </fieldset>
  );
}

/** The value that an empty field stands for. */
function placeholderOf(
  key: NumberParameterKey,
  defaults: SamplingDefaults,
  words: (typeof playgroundWords)['en'],
): string {
  const value = defaults[key];
  if (value === undefined) return words.byInstance;
  if (value === 'none') return key === 'seed' ? words.randomSeed : words.noLimit;
  return plainNumber(value);
}

/** Returns why a field is refused, in words; `null`: it is not. */
export function problemSentence(
  problem: ParameterProblem | null,
  words: (typeof playgroundWords)['en'],
): string | null {
  if (problem === null) return null;
  if (problem.kind === 'range') return words.mustBeInRange(problem.least, problem.most);
  return problem.kind === 'whole' ? words.mustBeWhole : words.mustBeNumber;
}
