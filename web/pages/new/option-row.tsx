import type { EngineOption, JsonValue, Problem } from '@llamactl/client';
import { memo, useId } from 'react';
import { Badge } from '../../components/badge.tsx';
import { CONTROL } from '../../components/field.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { problemSentence } from '../../components/server-sentence.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { optionText, optionValue } from './option-list.ts';
import { useTypedText } from './typed-text.ts';

interface OptionRowProps {
  /** The key in `options`. */
  optionKey: string;
  /** `null`: the engine's list does not have it. */
  option: EngineOption | null;
  value: JsonValue | undefined;
  isChanged: boolean;
  problem: Problem | null;
  onChange: (key: string, value: JsonValue | undefined) => void;
}

/** One option: its key and meaning, its control, its default. */
export const OptionRow = memo(function OptionRow(props: OptionRowProps) {
  const { optionKey, option, value, isChanged, problem, onChange } = props;
  const words = useWords(newWords);
  const id = useId();
  const guard = option?.guard ?? null;
  const standard = option?.default ?? null;
  return (
    <div
      className={classNames(
        'group grid gap-x-6 gap-y-1 py-2 wide:grid-cols-[minmax(0,1fr)_minmax(0,17rem)]',
        isChanged && '-mx-4 border-l-2 border-l-accent bg-accent-soft pr-4 pl-3.5',
      )}
    >
      <div className="flex min-w-0 flex-col gap-0.5">
        <span className="flex min-w-0 flex-wrap items-center gap-2">
          <label htmlFor={id} className="min-w-0">
            <code className="font-strong break-all">{optionKey}</code>
          </label>
          {guard !== null && <Badge colour="warn">{words.guards[guard.kind]}</Badge>}
        </span>
        {option !== null && (
          <p
            id={`${id}-text`}
            className="line-clamp-2 break-words text-mute group-focus-within:line-clamp-none group-hover:line-clamp-none"
          >
            {option.description}
          </p>
        )}
        {guard !== null && <p className="text-warn">{guard.why}</p>}
      </div>
      <div className="flex min-w-0 flex-col gap-1">
        <div className="flex min-w-0 items-start gap-1">
          <div className="min-w-0 grow">
            <OptionControl
              {...{ id, option, value }}
              isBad={problem !== null}
              describedBy={option === null ? undefined : `${id}-text`}
              isLocked={guard?.kind === 'reserved' && value === undefined}
              onChange={(next) => onChange(optionKey, next)}
            />
          </div>
          {value !== undefined && (
            <IconButton
              icon={option === null ? 'trash' : 'restart'}
              label={option === null ? words.removeOption(optionKey) : words.toDefault(optionKey)}
              onClick={() => onChange(optionKey, undefined)}
            />
          )}
        </div>
        {problem !== null && (
          <p className="flex items-start gap-1 text-bad">
            <Icon name="warning" size={14} className="mt-0.5" />
            <span className="min-w-0 break-words">{problemSentence(problem)}</span>
          </p>
        )}
        {value !== undefined && standard !== null && (
          <p className="text-label break-words text-mute">{words.defaultIs(standard)}</p>
        )}
      </div>
    </div>
  );
});

interface OptionControlProps {
  id: string;
  option: EngineOption | null;
  value: JsonValue | undefined;
  isBad: boolean;
  isLocked: boolean;
  describedBy: string | undefined;
  onChange: (value: JsonValue | undefined) => void;
}

function OptionControl({ id, option, value, isBad, isLocked, describedBy, onChange }: OptionControlProps) {
  const words = useWords(newWords);
  const kind = option?.type ?? 'any';
  const writing = { write: optionText, read: (text: string) => optionValue(text, kind) };
  const [text, change] = useTypedText(value, writing, onChange);
  const standard = option?.default ?? null;
  const shared = { id, disabled: isLocked, 'aria-invalid': isBad || undefined, 'aria-describedby': describedBy };
  const choices = kind === 'switch' ? ['true', 'false'] : kind === 'choice' ? (option?.choices ?? null) : null;
  if (choices !== null) {
    const others = text === '' || choices.includes(text) ? [] : [text];
    return (
      <span className="relative flex items-center">
        <select
          {...shared}
          value={text}
          onChange={({ target }) => change(target.value)}
          className={classNames(CONTROL, 'appearance-none truncate pr-7', value === undefined && 'text-mute')}
        >
          <option value="">{standard === null ? words.standard : words.standardIs(standard)}</option>
          {[...others, ...choices].map((choice) => (
            <option key={choice} value={choice}>
              {kind === 'switch' ? words.switches[choice === 'true' ? 'on' : 'off'] : choice}
            </option>
          ))}
        </select>
        <Icon name="chevron-down" className="pointer-events-none absolute right-2 text-mute" />
      </span>
    );
  }
  const placeholder = isLocked ? '' : standard === null ? words.standard : words.standardIs(standard);
  if (kind === 'list') {
    return (
      <textarea
        {...shared}
        rows={1}
        spellCheck={false}
        placeholder={placeholder}
        value={text}
        onChange={({ target }) => change(target.value)}
        className={classNames(CONTROL, 'field-sizing-content h-auto min-h-8 py-1 font-mono text-body')}
      />
    );
  }
  return (
    <input
      {...shared}
      type="text"
      inputMode={kind === 'number' ? 'decimal' : undefined}
      autoComplete="off"
      spellCheck={false}
      placeholder={placeholder}
      value={text}
      onChange={({ target }) => change(target.value)}
      className={classNames(CONTROL, 'font-mono text-body placeholder:font-sans')}
    />
  );
}
