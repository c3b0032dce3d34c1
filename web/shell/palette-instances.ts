import type { Role } from '@llamactl/client';
import type { useNavigate } from '@tanstack/react-router';
import { canStart, canStop, type InstanceActions } from '../lib/instance-actions.ts';
import type { Row } from '../lib/live/row-store.ts';
import { modelName } from '../../format/model-name.ts';
import { includes } from '../lib/permissions.ts';
import type { commandsWords } from '../words/commands.ts';
import type { partsWords } from '../words/parts.ts';
import type { shellWords } from '../words/shell.ts';
import type { PaletteItem } from './palette-text.ts';

interface Means {
  role: Role;
  words: (typeof shellWords)['en'];
  commands: (typeof commandsWords)['en'];
  statuses: (typeof partsWords)['en']['statuses'];
  actions: Pick<InstanceActions, 'start' | 'stop' | 'restart'>;
  navigate: ReturnType<typeof useNavigate>;
}

/** The lines of one instance: its page, and the commands that it takes now. Its aliases, group, model and port find them too, and its status the page. */
export function instanceItems(row: Row, { role, words, commands, statuses, actions, navigate }: Means): PaletteItem[] {
  const { name } = row;
  const more = [...row.aliases, row.group, modelName(row), row.running_port ?? row.port]
    .filter((part) => part !== undefined && part !== null)
    .join(' ');
  const open = (tab?: 'logs'): void =>
    void navigate({ to: '/instances/$name', params: { name }, search: tab === undefined ? {} : { tab } });
  const command = (id: 'start' | 'stop' | 'restart'): PaletteItem => ({
    id: `${id} ${name}`,
    label: `${commands[id]} ${name}`,
    icon: id,
    words: more,
    run: () => actions[id](name),
  });
  const mayOperate = includes(role, 'operator');
  return [
    {
      id: `open ${name}`,
      label: name,
      icon: 'instances',
      hint: row.aliases[0] ?? words.instance,
      // The commands lack the status: `stop` is in it, but does not mean to start.
      words: `${more} ${statuses[row.status]}`,
      run: () => open(),
    },
    ...(mayOperate && canStart(row) ? [command('start')] : []),
    ...(mayOperate && canStop(row) ? [command('stop'), command('restart')] : []),
    { id: `logs ${name}`, label: `${commands.logs} ${name}`, icon: 'logs', words: more, run: () => open('logs') },
    ...(includes(role, 'admin')
      ? [
          {
            id: `edit ${name}`,
            label: `${commands.edit} ${name}`,
            icon: 'edit',
            words: more,
            run: () => void navigate({ to: '/instances/$name/edit', params: { name } }),
          } as const,
        ]
      : []),
  ];
}
