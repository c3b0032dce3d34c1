import { TextField } from '../../components/field.tsx';
import { useWords } from '../../lib/language.ts';
import { accessWords } from '../../words/access.ts';
import { LIMITS, wholeNumber, type LimitTexts } from './limits.ts';

interface LimitFieldsProps {
  limits: LimitTexts;
  onChange: (limits: LimitTexts) => void;
}

/** The fields for the limits of an account or a key. */
export function LimitFields({ limits, onChange }: LimitFieldsProps) {
  const words = useWords(accessWords);
  return (
    <fieldset className="flex min-w-0 flex-col gap-2">
      <legend className="mb-1 font-strong">{words.limits}</legend>
      <div className="grid gap-3 wide:grid-cols-3">
        {LIMITS.map(([name, label]) => (
          <TextField
            key={name}
            label={words[label]}
            inputMode="numeric"
            isMono
            error={wholeNumber(limits[name]) === null ? words.notNumber : null}
            value={limits[name]}
            onChange={({ target }) => onChange({ ...limits, [name]: target.value })}
          />
        ))}
      </div>
      <p className="text-mute">{words.limitHint}</p>
    </fieldset>
  );
}
