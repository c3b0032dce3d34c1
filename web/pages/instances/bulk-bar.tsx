import { Button } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { canStart, canStop, useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { commandsWords } from '../../words/commands.ts';
import { instancesWords } from '../../words/instances.ts';
import { ExportButton } from './export-button.tsx';
import type { Selection } from './selection.ts';

interface BulkBarProps {
  selection: Selection;
  /** The rows that can be selected. */
  rows: readonly Row[];
  /** Those of them that the search shows. */
  shown: readonly Row[];
}

/** Commands to all selected rows, each one request. */
export function BulkBar({ selection: { selected, clear }, rows, shown }: BulkBarProps) {
  const words = useWords(instancesWords);
  const commands = useWords(commandsWords);
  const { commands: book } = useApp();
  const actions = useInstanceActions();
  const isOnline = useIsOnline();
  const isAdmin = useMay('admin');
  if (selected.size === 0) return null;
  const chosen = rows.filter(({ name }) => selected.has(name));
  const names = chosen.map(({ name }) => name);
  const hidden = selected.size - shown.filter(({ name }) => selected.has(name)).length;
  const title = words.selected(selected.size, hidden);
  const startable = chosen.filter(canStart).map(({ name }) => name);
  const stoppable = chosen.filter(canStop).map(({ name }) => name);
  return (
    <div
      role="toolbar"
      aria-label={title}
      className="flex shrink-0 flex-wrap items-center gap-2 border-t border-line bg-panel px-4 py-2 wide:px-6"
    >
      <span className="figures mr-2 font-strong">{title}</span>
      <Button
        size="small"
        icon="start"
        disabled={!isOnline || startable.length === 0}
        onClick={() => book.start(...startable)}
      >
        {commands.start}
      </Button>
      <Button
        size="small"
        icon="stop"
        disabled={!isOnline || stoppable.length === 0}
        onClick={() => actions.stop(...stoppable)}
      >
        {commands.stop}
      </Button>
      <Button size="small" icon="restart" disabled={!isOnline} onClick={() => actions.restart(...names)}>
        {commands.restart}
      </Button>
      {isAdmin && (
        <>
          <Button size="small" icon="trash" kind="danger" disabled={!isOnline} onClick={() => actions.delete(...names)}>
            {commands.removeDots}
          </Button>
          <ExportButton names={names} />
        </>
      )}
      <span className="ml-auto flex items-center gap-1 text-mute">
        <span className="hidden wide:inline">{words.clearSelection}</span>
        <IconButton icon="cross" label={words.unselect} onClick={clear} />
      </span>
    </div>
  );
}
