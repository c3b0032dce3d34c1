import { TextArea, TextField } from '../../components/field.tsx';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { NUMBER_PARAMETERS, problemOf, type ParameterProblem, type ParameterTexts } from './parameters.ts';

interface ParameterFormProps {
  parameters: ParameterTexts;
  onChange: (parameters: ParameterTexts) => void;
}

/** The parameters of an answer. Empty fields are left to the instance. */
export function ParameterForm({ parameters, onChange }: ParameterFormProps) {
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
              placeholder={words.byInstance}
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

/** Returns why a field is refused, in words; `null`: it is not. */
export function problemSentence(
  problem: ParameterProblem | null,
  words: (typeof playgroundWords)['en'],
): string | null {
  if (problem === null) return null;
  if (problem.kind === 'range') return words.mustBeInRange(problem.least, problem.most);
  return problem.kind === 'whole' ? words.mustBeWhole : words.mustBeNumber;
}
