import { Link } from '@tanstack/react-router';
import type { Problem } from '@llamactl/client';
import { Fragment, useState } from 'react';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import { problemsWithin } from '../../lib/problems.ts';
import { settingsWords } from '../../words/settings.ts';
import { AddGroup } from './add-group.tsx';
import { withGroup, withoutGroup } from './group-settings.ts';
import type { Drafts, Setting } from './setting-fields.ts';
import { SettingRow } from './setting-row.tsx';

/** Most instances of a group that its heading names. */
const MOST_NAMED = 3;

interface GroupsPanelProps {
  /** Those of all shown groups: all groups as a whole first, then each group, followed by its fields. */
  settings: readonly Setting[];
  /** Names of all groups. */
  taken: readonly string[];
  /** The fields of a group that does not exist yet. */
  groupFields: readonly Setting[];
  drafts: Drafts;
  problems: readonly Problem[];
  /** The key to which a link leads. */
  marked: string | undefined;
  onChange: (key: string, text: string | null | undefined) => void;
  onEdit: (drafts: Drafts) => void;
}

/** The groups of instances with their limits. Groups can be added, and those without instances removed. */
export function GroupsPanel(props: GroupsPanelProps) {
  const { settings, taken, groupFields, drafts, onEdit } = props;
  const words = useWords(settingsWords);
  const rows = useAllRows();
  const [isAdding, setAdding] = useState(false);
  const groups = settings.filter(({ path }) => path.length === 2);
  return (
    <Panel
      title={words.sections.groups}
      actions={
        <Button size="small" icon="plus" onClick={() => setAdding(true)}>
          {words.addGroup}
        </Button>
      }
    >
      <p className="text-mute">{groups.length === 0 ? words.noGroup : words.groupsText}</p>
      <div className="-mx-4 mt-4 -mb-4 overflow-hidden rounded-b-panel empty:hidden">
        {groups.map((group) => (
          <Group
            key={group.key}
            {...props}
            group={group}
            users={rows?.filter((row) => row.group === group.path[1]).map(({ name }) => name) ?? null}
          />
        ))}
      </div>
      {isAdding && (
        <AddGroup
          fields={groupFields}
          taken={taken}
          offered={[...new Set(rows?.flatMap(({ group }) => group ?? []))]}
          onAdd={(name, fields) => {
            onEdit(withGroup(drafts, name, fields));
            setAdding(false);
          }}
          onClose={() => setAdding(false)}
        />
      )}
    </Panel>
  );
}

interface GroupProps extends GroupsPanelProps {
  group: Setting;
  /** Names of its instances; `null`: not loaded yet. */
  users: readonly string[] | null;
}

function Group({ group, users, settings, drafts, problems, marked, onChange, onEdit }: GroupProps) {
  const words = useWords(settingsWords);
  const name = group.path[1] ?? '';
  const isNew = group.value === undefined;
  const isRemoved = drafts.get(group.key) === null;
  const fields = settings.filter(({ path }) => path.length === 3 && path[1] === name);
  return (
    <section aria-label={words.group(name)} className="border-t border-line">
      <header className="flex min-h-10 items-center gap-2 bg-panel py-1 pr-2 pl-4">
        <h3 className="min-w-0 truncate font-strong" title={name}>
          {isRemoved ? <s className="text-mute">{name}</s> : name}
        </h3>
        {isNew && <Badge colour="accent">{words.groupAdded}</Badge>}
        {isRemoved && <Badge colour="warn">{words.groupRemoved}</Badge>}
        <span className="min-w-0 grow truncate text-mute">
          {!isNew && !isRemoved && users !== null && <Users names={users} />}
        </span>
        {isRemoved ? (
          <Button size="small" onClick={() => onChange(group.key, undefined)}>
            {words.keepGroup}
          </Button>
        ) : (
          users?.length === 0 && (
            <IconButton
              icon="trash"
              label={words.removeGroup(name)}
              onClick={() => onEdit(withoutGroup(drafts, name, !isNew))}
            />
          )
        )}
      </header>
      {!isRemoved && (
        <div className="divide-y divide-line border-t border-line px-4">
          {fields.map((setting) => (
            <SettingRow
              key={setting.key}
              setting={setting}
              label={setting.path[2] ?? ''}
              draft={drafts.get(setting.key)}
              isMarked={setting.key === marked}
              problems={problemsWithin(problems, setting.key)}
              onChange={(text) => onChange(setting.key, text)}
            />
          ))}
        </div>
      )}
    </section>
  );
}

/** The instances of a group, the first ones as links. */
function Users({ names }: { names: readonly string[] }) {
  const words = useWords(settingsWords);
  if (names.length === 0) return words.unusedGroup;
  return (
    <>
      {words.usedBy}{' '}
      {names.slice(0, MOST_NAMED).map((name, at) => (
        <Fragment key={name}>
          {at > 0 && ', '}
          <Link to="/instances/$name" params={{ name }} className="text-accent hover:underline">
            {name}
          </Link>
        </Fragment>
      ))}
      {names.length > MOST_NAMED && ` ${words.moreInstances(names.length - MOST_NAMED)}`}
    </>
  );
}
