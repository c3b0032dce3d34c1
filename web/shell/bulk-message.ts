import type { GroupLimits } from '@llamactl/client';
import { bulkReasons, firstNames } from '../lib/bulk-reasons.ts';
import type { CommandFailure } from '../lib/commands.ts';
import { groupUse } from '../lib/groups.ts';
import type { Row } from '../lib/live/row-store.ts';
import type { commandsWords } from '../words/commands.ts';

/** Reasons of one message. */
const MOST_REASONS = 3;

interface Sources {
  rows: readonly Pick<Row, 'name' | 'group' | 'status'>[];
  groups: readonly GroupLimits[];
  words: (typeof commandsWords)['en'];
}

/** Says why some of several instances refused a command. */
export function bulkMessage(
  { command, total, accepted, refused }: Extract<CommandFailure, { refused: unknown }>,
  { rows, groups, words }: Sources,
): string {
  const started = new Set(accepted);
  const groupOf = new Map(rows.map(({ name, group }) => [name, group]));
  // The refusal of a start of several names no limit.
  const limitOf = (name: string): string | null => {
    const group = groupOf.get(name);
    if (command !== 'start' || group === undefined) return null;
    const { running, most } = groupUse(group, rows, groups, started);
    return most !== null && running >= most ? words.groupFull(group, most) : null;
  };
  const reasons = bulkReasons(refused, limitOf);
  const texts = reasons
    .slice(0, MOST_REASONS)
    .map(({ reason, names }) => words.bulkReason(names.length, firstNames(names), reason));
  const more = reasons.slice(MOST_REASONS).reduce((sum, { names }) => sum + names.length, 0);
  return [words.bulkDone(total - refused.length, total), ...texts, ...(more === 0 ? [] : [words.bulkMore(more)])].join(
    '\n',
  );
}
