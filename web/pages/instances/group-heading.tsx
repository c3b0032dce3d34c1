import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { IconButton } from '../../components/icon-button.tsx';
import { useMay } from '../../lib/app.ts';
import { groupUse } from '../../lib/groups.ts';
import { canStart, canStop, useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useAllRows, useGroups, useIsOnline } from '../../lib/live/live-hooks.ts';
import { commandsWords } from '../../words/commands.ts';
import { instancesWords } from '../../words/instances.ts';

/** The name of a group above its rows, with its use and limits. @param name `null`: the rows without a group. */
export function GroupHeading({ name }: { name: string | null }) {
  const words = useWords(instancesWords);
  if (name === null) return <span className="text-mute">{words.noGroup}</span>;
  return (
    <span className="flex min-w-0 items-center gap-3">
      <Link
        from="/instances"
        to="/instances"
        search={(before) => ({ ...before, group: name })}
        tabIndex={-1}
        title={name}
        className="min-w-0 truncate font-strong hover:text-accent hover:underline"
      >
        {name}
      </Link>
      <span className="figures min-w-0 truncate text-mute">
        <GroupUseText name={name} />
      </span>
      <GroupActions name={name} />
    </span>
  );
}

/** Starts or stops all instances of a group, also those that a filter hides. The palette does the same without a pointer. */
function GroupActions({ name }: { name: string }) {
  const commands = useWords(commandsWords);
  const actions = useInstanceActions();
  const isOnline = useIsOnline();
  const mayOperate = useMay('operator');
  const members = (useAllRows() ?? []).filter(({ group }) => group === name);
  if (!mayOperate) return null;
  const startable = members.filter(canStart).map((row) => row.name);
  const stoppable = members.filter(canStop).map((row) => row.name);
  return (
    <span className="flex shrink-0">
      <IconButton
        tabIndex={-1}
        icon="start"
        label={commands.startGroup(name)}
        disabled={!isOnline || startable.length === 0}
        onClick={() => actions.start(...startable)}
      />
      <IconButton
        tabIndex={-1}
        icon="stop"
        label={commands.stopGroup(name)}
        disabled={!isOnline || stoppable.length === 0}
        onClick={() => actions.stop(...stoppable)}
      />
    </span>
  );
}

/** `3 running · at most 4 · 12 in all · pinned`. */
function GroupUseText({ name }: { name: string }) {
  const words = useWords(instancesWords);
  const rows = useAllRows();
  const groups = useGroups();
  const { running, total, most, limits } = useMemo(() => groupUse(name, rows ?? [], groups), [name, rows, groups]);
  return [
    words.running(running),
    most === null ? null : words.groupMost(most),
    words.groupTotal(total),
    limits?.pinned === true ? words.groupPinned : null,
    limits?.exclusive === true ? words.groupExclusive : null,
  ]
    .filter((part) => part !== null)
    .join(' · ');
}
