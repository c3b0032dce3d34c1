import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { groupUse } from '../../lib/groups.ts';
import { useWords } from '../../lib/language.ts';
import { useAllRows, useGroups } from '../../lib/live/live-hooks.ts';
import { instancesWords } from '../../words/instances.ts';

/** The name of a group above its rows, with its use and limits. @param name `null`: the rows without a group. */
export function GroupHeading({ name }: { name: string | null }) {
  const words = useWords(instancesWords);
  if (name === null) return <span className="text-mute">{words.noGroup}</span>;
  return (
    <span className="flex min-w-0 items-baseline gap-3">
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
    words.groupRuns(running),
    most === null ? null : words.groupMost(most),
    words.groupTotal(total),
    limits?.pinned === true ? words.groupPinned : null,
    limits?.exclusive === true ? words.groupExclusive : null,
  ]
    .filter((part) => part !== null)
    .join(' · ');
}
