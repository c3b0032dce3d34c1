import { useMutation } from '@tanstack/react-query';
import type { KeyboardEvent, Ref } from 'react';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon } from '../../components/icons.tsx';
import { MenuButton } from '../../components/menu.tsx';
import type { MenuItem } from '../../components/menu-items.ts';
import { Select } from '../../components/select.tsx';
import { showError } from '../../components/toast.tsx';
import { CONTROL } from '../../components/field.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { LOG_LEVELS } from '../../lib/log-levels.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { saveFile } from '../../lib/save-file.ts';
import { instanceWords } from '../../words/instance.ts';
import type { LogSession } from './log-session.ts';
import type { LogSettings } from './log-settings.ts';

interface LogToolbarProps {
  name: string;
  session: LogSession;
  settings: LogSettings;
  onSettings: (change: Partial<LogSettings>) => void;
  query: string;
  onQuery: (query: string) => void;
  /** Matches of the search, and which one is shown; 0: none yet. `null`: nothing is searched. */
  found: { at: number; count: number } | null;
  onStep: (step: 1 | -1) => void;
  onNextError: () => void;
  isFollowing: boolean;
  onFollow: () => void;
  /** Called when the user leaves the search by its key. */
  onLeave: () => void;
  fieldRef: Ref<HTMLInputElement>;
}

/** Search, level and display of a log. */
export function LogToolbar(props: LogToolbarProps) {
  const { name, session, settings, onSettings, isFollowing, onFollow, onNextError } = props;
  const words = useWords(instanceWords).logs;
  const download = useMutation({
    mutationFn: () => session.text(),
    onSuccess: (text) => saveFile(`${name}.log`, text, 'text/plain'),
    onError: showError,
  });
  const isWide = useMedia(WIDE);
  const items = (): readonly MenuItem[] => [
    { kind: 'heading', label: words.level },
    ...LOG_LEVELS.map((level) => ({
      label: words.levels[level],
      isChosen: settings.level === level,
      onSelect: () => onSettings({ level }),
    })),
    { kind: 'line' },
    {
      label: words.wrap,
      isChosen: settings.isWrapped,
      onSelect: () => onSettings({ isWrapped: !settings.isWrapped }),
    },
    { kind: 'line' },
    { label: words.nextError, icon: 'warning', onSelect: onNextError },
    { label: words.download, icon: 'download', disabled: download.isPending, onSelect: () => download.mutate() },
  ];
  return (
    <div
      role="toolbar"
      aria-label={words.place}
      className="flex shrink-0 items-center gap-2 border-b border-line px-4 py-2 wide:flex-wrap wide:px-6"
    >
      <LogSearchField {...props} />
      {isWide ? (
        <>
          <Select
            label={words.level}
            isLabelHidden
            value={settings.level}
            choices={LOG_LEVELS.map((value) => ({ value, label: words.levels[value] }))}
            onChoose={(level) => onSettings({ level })}
          />
          <span className="flex grow items-center justify-end gap-1">
            <IconButton icon="warning" label={words.nextError} onClick={onNextError} />
            <IconButton
              icon="wrap"
              label={words.wrap}
              aria-pressed={settings.isWrapped}
              onClick={() => onSettings({ isWrapped: !settings.isWrapped })}
            />
            <IconButton icon="follow" label={words.follow} aria-pressed={isFollowing} onClick={onFollow} />
            <IconButton
              icon="download"
              label={words.download}
              isPending={download.isPending}
              onClick={() => download.mutate()}
            />
          </span>
        </>
      ) : (
        <>
          <IconButton icon="follow" label={words.follow} aria-pressed={isFollowing} onClick={onFollow} />
          <MenuButton label={words.more} items={items} />
        </>
      )}
    </div>
  );
}

function LogSearchField({ query, onQuery, found, onStep, onLeave, fieldRef }: LogToolbarProps) {
  const words = useWords(instanceWords).logs;
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    }
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onQuery('');
    onLeave();
  };
  return (
    <span className="flex min-w-0 grow items-center gap-1 wide:max-w-96">
      <span className="relative flex min-w-0 grow items-center">
        <Icon name="search" size={14} className="pointer-events-none absolute left-2 text-mute" />
        <input
          ref={fieldRef}
          type="text"
          role="searchbox"
          aria-label={words.search}
          placeholder={words.searchShort}
          value={query}
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          onKeyDown={onKey}
          onChange={({ currentTarget }) => onQuery(currentTarget.value)}
          className={classNames(CONTROL, 'pr-20 pl-7 !text-body')}
        />
        {found !== null && (
          <span role="status" className="figures pointer-events-none absolute right-2 bg-canvas text-label text-mute">
            {words.found(found.at, found.count)}
          </span>
        )}
      </span>
      {found !== null && (
        <>
          <IconButton
            icon="chevron-up"
            label={words.previous}
            disabled={found.count === 0}
            onClick={() => onStep(-1)}
          />
          <IconButton icon="chevron-down" label={words.next} disabled={found.count === 0} onClick={() => onStep(1)} />
        </>
      )}
    </span>
  );
}
