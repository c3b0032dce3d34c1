import type { Role } from '@llamactl/client';
import type { useNavigate } from '@tanstack/react-router';
import { canStart, canStop, type InstanceActions } from '../lib/instance-actions.ts';
import type { Row } from '../lib/live/row-store.ts';
import { includes } from '../lib/permissions.ts';
import type { commandsWords } from '../words/commands.ts';
import type { shellWords } from '../words/shell.ts';
import type { PaletteItem } from './palette-text.ts';

interface Means {
  role: Role;
  words: Pick<(typeof shellWords)['en'], 'group'>;
  commands: Pick<(typeof commandsWords)['en'], 'startGroup' | 'stopGroup'>;
  actions: Pick<InstanceActions, 'start' | 'stop'>;
  navigate: ReturnType<typeof useNavigate>;
}

/** The lines of all groups that instances have: their rows in the list, and the commands that their members take now. */
export function groupItems(
  rows: readonly Pick<Row, 'name' | 'group' | 'status'>[],
  { role, words, commands, actions, navigate }: Means,
): PaletteItem[] {
  const groups = [...Map.groupBy(rows, ({ group }) => group)];
  return groups.flatMap(([group, members]): PaletteItem[] => {
    if (group === undefined) return [];
    const mayOperate = includes(role, 'operator');
    const startable = mayOperate ? members.filter(canStart).map(({ name }) => name) : [];
    const stoppable = mayOperate ? members.filter(canStop).map(({ name }) => name) : [];
    return [
      {
        id: `group ${group}`,
        label: group,
        icon: 'instances',
        hint: words.group,
        words: words.group,
        run: () => void navigate({ to: '/instances', search: { group } }),
      },
      ...(startable.length > 0
        ? [
            {
              id: `start group ${group}`,
              label: commands.startGroup(group),
              icon: 'start',
              run: () => actions.start(...startable),
            } as const,
          ]
        : []),
      ...(stoppable.length > 0
        ? [
            {
              id: `stop group ${group}`,
              label: commands.stopGroup(group),
              icon: 'stop',
              run: () => actions.stop(...stoppable),
            } as const,
          ]
        : []),
    ];
  });
}
