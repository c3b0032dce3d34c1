import type { Problem } from '@llamactl/client';
import { useId } from 'react';
import { Badge } from '../../components/badge.tsx';
import { CodeEditor } from '../../components/code-editor.tsx';
import { CONTROL } from '../../components/field.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { Prose } from '../../components/prose.tsx';
import { problemSentence } from '../../components/server-sentence.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useMarkedPlace } from '../../lib/marked-place.ts';
import { settingsWords } from '../../words/settings.ts';
import { textOfValue, valueOfText, type Setting } from './setting-fields.ts';

interface SettingRowProps {
  setting: Setting;
  /** Shown instead of its key, which the place says in part. */
  label?: string;
  /** The text that the user has typed; `null`: the default; `undefined`: nothing. */
  draft: string | null | undefined;
  /** The problems that the server found in the draft, with their paths in the value. */
  problems: readonly Problem[];
  /** A link leads to it. */
  isMarked: boolean;
  onChange: (text: string | null | undefined) => void;
}

/** Kinds whose control is not as wide as the row. */
const NARROW: ReadonlySet<Setting['kind']> = new Set(['number', 'switch', 'choice']);

/** One setting: its key and meaning, its control, its source. */
export function SettingRow({ setting, label, draft, problems, isMarked, onChange }: SettingRowProps) {
  const words = useWords(settingsWords);
  const id = useId();
  const { key, kind, limits, source, description, locked } = setting;
  const isLocked = locked !== null;
  const isChanged = draft !== undefined;
  const place = useMarkedPlace(isMarked);
  // It shows its own mistakes, at their lines.
  const hasEditor = kind === 'map' && !isLocked;
  const read = typeof draft === 'string' ? valueOfText(draft, kind, limits) : null;
  const own = read !== null && 'flaw' in read ? read.flaw : null;
  const flaw =
    own === 'outside'
      ? words.outside(limits.least, limits.most)
      : own !== null
        ? words[own]
        : problemSentence(problems[0] ?? null);
  const hint =
    kind === 'secret'
      ? setting.value === ''
        ? null
        : words.secretHint
      : kind === 'texts' || kind === 'numbers'
        ? words.listHint
        : limits.duration !== null
          ? words.durationHint
          : null;
  const keyText = <code className="font-strong break-all">{label ?? key}</code>;
  const change = (text: string): void => onChange(text === textOfValue(setting.value, kind) ? undefined : text);
  return (
    <div
      ref={place}
      className={classNames(
        'grid gap-x-6 gap-y-2 py-3 wide:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]',
        isMarked && 'marked',
        isChanged && '-mx-4 border-l-2 border-l-accent bg-accent-soft pr-4 pl-3.5',
      )}
    >
      <div className="flex min-w-0 flex-col gap-0.5">
        {/* The editor has a name of its own. */}
        {hasEditor ? keyText : <label htmlFor={id}>{keyText}</label>}
        {description !== null && (
          <p id={`${id}-text`} className="text-mute">
            <Prose text={description} />
          </p>
        )}
      </div>
      <div className="flex min-w-0 flex-col gap-1">
        <div className="flex min-w-0 items-start gap-2">
          <div className={NARROW.has(kind) ? 'w-full max-w-xs min-w-0' : 'min-w-0 grow'}>
            <Control
              {...{ id, setting, draft, isLocked, problems }}
              describedBy={description === null ? undefined : `${id}-text`}
              isBad={flaw !== null}
              onChange={change}
            />
          </div>
          {!isLocked && source.from === 'file' && draft !== null && (
            <IconButton icon="restart" label={words.toDefaultLong(key)} onClick={() => onChange(null)} />
          )}
        </div>
        {flaw !== null && !hasEditor && (
          <p className="flex items-start gap-1 text-bad">
            <Icon name="warning" size={14} className="mt-0.5" />
            <span className="min-w-0 break-words">{flaw}</span>
          </p>
        )}
        <p className="flex flex-wrap items-center gap-2 text-label text-mute">
          <SourceText setting={setting} />
          {hint !== null && !isLocked && <span>{hint}</span>}
          <EffectBadge setting={setting} />
        </p>
        {isLocked && (
          // A link that leads to it came to change it, so the reason must not be hidden.
          <details open={isMarked} className="text-label text-mute">
            <summary className="inline-flex min-h-6 cursor-default items-center gap-1 rounded-control hover:text-ink">
              <Icon name="lock" size={12} />
              {words.locked}
            </summary>
            <p className="break-words">
              <Prose text={locked} />
            </p>
          </details>
        )}
      </div>
    </div>
  );
}

function SourceText({ setting: { source } }: { setting: Setting }) {
  const words = useWords(settingsWords);
  const name = source.name ?? '';
  switch (source.from) {
    case 'default':
      return <span>{words.from.default}</span>;
    case 'file':
      return <span>{words.from.file(source.line ?? null)}</span>;
    case 'environment':
      return <span>{words.from.environment(name)}</span>;
    case 'flag':
      return <span>{words.from.flag(name)}</span>;
  }
}

/** Says that a saved value waits for a reload or a restart, or that it has no effect. */
function EffectBadge({ setting: { effect, isPending } }: { setting: Setting }) {
  const words = useWords(settingsWords);
  if (effect === 'none') return <Badge>{words.withoutEffect}</Badge>;
  return isPending && <Badge colour="warn">{effect === 'restart' ? words.keptByReload : words.pending}</Badge>;
}

interface ControlProps {
  id: string;
  setting: Setting;
  draft: string | null | undefined;
  isLocked: boolean;
  problems: readonly Problem[];
  isBad: boolean;
  describedBy: string | undefined;
  onChange: (text: string) => void;
}

function Control({ id, setting, draft, isLocked, problems, isBad, describedBy, onChange }: ControlProps) {
  const words = useWords(settingsWords);
  const { kind, value, choices, limits } = setting;
  const text = draft ?? (draft === null ? '' : textOfValue(value, kind));
  const shared = {
    id,
    disabled: isLocked,
    'aria-invalid': isBad || undefined,
    'aria-describedby': describedBy,
  };
  const placeholder = draft === null ? words.toDefault : kind === 'secret' && value !== '' ? '••••••••' : undefined;
  if (kind === 'switch' || kind === 'choice') {
    const options = kind === 'switch' ? ['true', 'false'] : choices;
    return (
      <span className="relative flex items-center">
        <select
          {...shared}
          value={text}
          onChange={({ target }) => onChange(target.value)}
          className={classNames(CONTROL, 'appearance-none truncate pr-7')}
        >
          {draft === null && <option value="">{words.toDefault}</option>}
          {options.map((option) => (
            <option key={option} value={option}>
              {kind === 'switch' ? (option === 'true' ? words.on : words.off) : option}
            </option>
          ))}
        </select>
        <Icon name="chevron-down" className="pointer-events-none absolute right-2 text-mute" />
      </span>
    );
  }
  if (kind === 'map' && !isLocked) {
    const read = draft === undefined || draft === null ? null : valueOfText(draft, kind);
    return (
      <CodeEditor
        label={setting.key}
        isLabelHidden
        language="json"
        rows={1}
        mostRows={20}
        hint={words.mapHint}
        error={read !== null && 'flaw' in read ? words.notMap : null}
        problems={problems}
        value={text}
        {...(placeholder === undefined ? {} : { placeholder })}
        onChange={onChange}
      />
    );
  }
  if (kind === 'texts' || kind === 'numbers' || kind === 'map') {
    return (
      <textarea
        {...shared}
        rows={Math.min(12, Math.max(1, text.split('\n').length))}
        spellCheck={false}
        value={text}
        placeholder={placeholder}
        onChange={({ target }) => onChange(target.value)}
        className={classNames(CONTROL, 'block field-sizing-content h-auto min-h-8 py-1 font-mono text-body')}
      />
    );
  }
  return (
    <input
      {...shared}
      type={kind === 'secret' ? 'password' : 'text'}
      inputMode={kind === 'number' && limits.duration === null ? 'decimal' : undefined}
      autoComplete={kind === 'secret' ? 'new-password' : 'off'}
      spellCheck={false}
      value={text}
      placeholder={placeholder}
      onChange={({ target }) => onChange(target.value)}
      className={classNames(CONTROL, 'font-mono text-body', kind === 'secret' && 'max-w-xs')}
    />
  );
}
