import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { duration } from '../../lib/figures.ts';
import { Age } from '../../components/age.tsx';
import { Button, type ButtonProps } from '../../components/button.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Icon, type IconName } from '../../components/icons.tsx';
import { MenuButton } from '../../components/menu.tsx';
import type { MenuItem } from '../../components/menu-items.ts';
import { PageHeader } from '../../components/page-header.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { canStart, canStop, useInstanceActions } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, usePending } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { commandsWords } from '../../words/commands.ts';
import { instanceWords } from '../../words/instance.ts';
import { instancesWords } from '../../words/instances.ts';
import { needsRepair } from '../instances/listed-status.ts';
import { RowStatus } from '../instances/row-status.tsx';
import { isAble } from '../playground/abilities.ts';
import { RenameDialog } from './rename-dialog.tsx';
import { whyQuery } from './why-query.ts';

/** The name, the status, and the commands of one instance. */
export function InstanceHeader({ row }: { row: Row }) {
  const { name } = row;
  const words = useWords(instanceWords);
  return (
    <PageHeader
      title={name}
      heading={
        <span className="flex min-w-0 items-center gap-2">
          <Link
            to="/instances"
            aria-label={words.back}
            data-tip={words.back}
            className="-ml-1 inline-flex size-7 shrink-0 items-center justify-center rounded-control text-mute hover:bg-hover hover:text-ink pointer-coarse:size-11"
          >
            <Icon name="chevron-left" />
          </Link>
          <span className="min-w-0 truncate" title={name}>
            {name}
          </span>
        </span>
      }
      note={<StatusNote row={row} />}
      actions={<HeaderActions row={row} />}
    />
  );
}

function StatusNote({ row }: { row: Row }) {
  const { status, ready_at: readyAt, load, reason } = row;
  const words = useWords(instanceWords);
  const loading = useWords(instancesWords);
  const commands = useWords(commandsWords);
  const isUp = status === 'running' && readyAt !== null;
  const isIdle = status === 'stopped' && row.on_demand;
  const why = useQuery({ ...whyQuery(useApp().client, row), enabled: isIdle });
  // The panel below has the obstacle of a start.
  const wouldStart = isIdle && why.data?.cause === null;
  return (
    <span className="flex min-w-0 items-center gap-3">
      <span className="flex shrink-0">
        <RowStatus row={row} {...(load === null ? {} : { word: loading.loading(load.phase) })} />
      </span>
      {isUp && (
        <span>
          {words.up} <Age of={readyAt} />
        </span>
      )}
      {load !== null && <span>{duration(load.elapsed)}</span>}
      {status === 'restarting' && reason !== null && (
        <span className="min-w-0 truncate" title={reason}>
          {reason}
        </span>
      )}
      {wouldStart && <span className="min-w-0 truncate">{commands.startsOnDemand}</span>}
    </span>
  );
}

function HeaderActions({ row }: { row: Row }) {
  const { name, status } = row;
  // A message starts an instance that starts on demand.
  const answers = status === 'running' || (status === 'stopped' && row.on_demand);
  const canChat = answers && isAble(row, 'chat');
  const words = useWords(commandsWords);
  const own = useWords(instanceWords);
  const navigate = useNavigate();
  const actions = useInstanceActions();
  const pending = usePending(name);
  const isOnline = useIsOnline();
  const mayOperate = useMay('operator');
  const isAdmin = useMay('admin');
  const [isRenaming, setRenaming] = useState(false);
  const starts = canStart(row);
  // The first remedy below is the main button then.
  const hasRepair = needsRepair(row);
  const chat = (): void => void navigate({ to: '/playground', search: { instance: name } });
  const edit = (): void => void navigate({ to: '/instances/$name/edit', params: { name } });
  const mayRestart = isOnline && (status === 'running' || status === 'restarting');
  useShortcuts(own.keysPlace, [
    ...(mayOperate
      ? [
          { keys: 's', label: own.keyStartStop, run: () => actions.toggle(name) },
          { keys: 'r', label: words.restart, run: () => (mayRestart ? actions.restart(name) : undefined) },
        ]
      : []),
    {
      keys: 'l',
      label: words.logs,
      run: () => void navigate({ to: '/instances/$name', params: { name }, search: { tab: 'logs' } }),
    },
    ...(mayOperate ? [{ keys: 'c', label: own.chat, run: () => (canChat ? chat() : undefined) }] : []),
    ...(isAdmin
      ? [
          { keys: 'e', label: words.edit, run: edit },
          { keys: 'Delete', label: words.remove, run: () => (isOnline ? actions.delete(name) : undefined) },
        ]
      : []),
  ]);
  const items = (): readonly MenuItem[] => [
    {
      label: words.duplicate,
      icon: 'copy',
      onSelect: () => void navigate({ to: '/new', search: { from: name } }),
    },
    { label: own.rename, icon: 'edit', disabled: !isOnline, onSelect: () => setRenaming(true) },
    { kind: 'line' },
    {
      label: words.removeDots,
      icon: 'trash',
      isDanger: true,
      disabled: !isOnline,
      onSelect: () => actions.delete(name),
    },
  ];
  return (
    <>
      {mayOperate && canChat && (
        <Action icon="playground" label={own.chat} hasWords={!starts} keyHint="c" onClick={chat} />
      )}
      {mayOperate && !starts && (
        <Action
          icon="restart"
          label={words.restart}
          disabled={!mayRestart}
          isPending={pending === 'restart'}
          onClick={() => actions.restart(name)}
        />
      )}
      {mayOperate && (
        // One button in both states, so that it keeps the focus.
        <Action
          kind={starts && !hasRepair ? 'primary' : 'normal'}
          icon={starts ? 'start' : 'stop'}
          label={starts ? words.start : words.stop}
          hasWords={starts}
          isPending={pending === 'start' || pending === 'stop'}
          disabled={!isOnline || !(starts || canStop(row))}
          onClick={() => actions.toggle(name)}
        />
      )}
      {isAdmin && (
        <>
          <Action icon="edit" label={words.edit} keyHint="e" onClick={edit} />
          <MenuButton label={words.more(name)} items={items} />
        </>
      )}
      {isRenaming && <RenameDialog name={name} onClose={() => setRenaming(false)} />}
    </>
  );
}

interface ActionProps extends Omit<ButtonProps, 'children'> {
  icon: IconName;
  label: string;
  /** Whether a phone shows its words too. */
  hasWords?: boolean;
}

/** A button of the header; on a phone only its icon, so that all stand in one row. */
function Action({ label, keyHint, hasWords = false, kind = 'normal', ...rest }: ActionProps) {
  const isWide = useMedia(WIDE);
  if (!isWide && !hasWords) return <IconButton {...rest} label={label} className="border border-line bg-raised" />;
  return (
    <Button {...rest} kind={kind} {...(keyHint === undefined ? {} : { keyHint })}>
      {label}
    </Button>
  );
}
