import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Problem } from '@llamactl/client';
import { useRef } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { isFieldAt } from '../../lib/marked-place.ts';
import { problemsWithin } from '../../lib/problems.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { settingsWords } from '../../words/settings.ts';
import { GroupsPanel } from './groups-panel.tsx';
import { groupNames, groupsWith } from './group-settings.ts';
import { matches, type Drafts, type Setting } from './setting-fields.ts';
import { SettingRow } from './setting-row.tsx';

interface SettingSectionsProps {
  settings: readonly Setting[];
  /** The fields of a group that does not exist yet. */
  groupFields: readonly Setting[];
  drafts: Drafts;
  problems: readonly Problem[];
  /** @param text `null`: the default; `undefined`: as it was. */
  onChange: (key: string, text: string | null | undefined) => void;
  /** Replaces all drafts. */
  onEdit: (drafts: Drafts) => void;
}

/** All settings that match the search, section by section. */
export function SettingSections(props: SettingSectionsProps) {
  const { settings, drafts, problems, onChange } = props;
  const words = useWords(settingsWords);
  const search = useSearch({ from: '/settings' });
  const navigate = useNavigate({ from: '/settings' });
  const field = useRef<HTMLInputElement>(null);
  useShortcuts(words.title, [{ keys: '/', label: words.search, run: () => field.current?.select() }]);
  const q = search.q ?? '';
  // A value with keys of its own has a row for each of them.
  const marked = settings.find(
    ({ key, kind }) => kind !== 'group' && (isFieldAt(search.field, key) || isFieldAt(key, search.field ?? '')),
  )?.key;
  const groups = groupsWith(settings, q);
  const shown = settings.filter((setting) =>
    setting.section === 'groups' ? groups.includes(setting) : matches(setting, q),
  );
  const sections = [...new Set(shown.map(({ section }) => section))];
  const names: Readonly<Record<string, string>> = words.sections;
  return (
    <div className="flex max-w-5xl flex-col gap-4 py-3">
      <TextField
        ref={field}
        label={words.search}
        isLabelHidden
        type="search"
        placeholder={words.search}
        defaultValue={q}
        className="wide:max-w-xs"
        onChange={({ target }) =>
          void navigate({ search: { ...search, q: target.value === '' ? undefined : target.value }, replace: true })
        }
      />
      {shown.length === 0 && <EmptyState icon="search" title={words.noMatch} />}
      {sections.map((section) =>
        section === 'groups' ? (
          <GroupsPanel key={section} {...props} settings={groups} taken={groupNames(settings)} marked={marked} />
        ) : (
          <Panel key={section} title={names[section] ?? section}>
            <div className="-my-4 divide-y divide-line">
              {shown
                .filter((setting) => setting.section === section)
                .map((setting) => (
                  <SettingRow
                    key={setting.key}
                    setting={setting}
                    draft={drafts.get(setting.key)}
                    isMarked={setting.key === marked}
                    problems={problemsWithin(problems, setting.key)}
                    onChange={(text) => onChange(setting.key, text)}
                  />
                ))}
            </div>
          </Panel>
        ),
      )}
    </div>
  );
}
