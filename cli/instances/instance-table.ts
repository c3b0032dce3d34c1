import type { InstanceSummary } from '@llamactl/client';
import { memoryText, since } from '../../format/figures.ts';
import { modelName } from '../../format/model-name.ts';
import { moment } from '../../format/moment.ts';
import { refusalText } from '../../format/refusal-text.ts';
import type { Style } from '../screen/style.ts';
import type { Cell, Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

export interface InstanceTableOptions {
  style: Style;
  /** Milliseconds since the epoch. */
  now: number;
  /** Show every column. */
  isWide: boolean;
  /** Groups whose members are pinned. */
  pinnedGroups?: ReadonlySet<string>;
}

/** For `least`: the column is left out rather than cut. */
const WHOLE = Infinity;

interface Part extends Column {
  cell: (instance: InstanceSummary) => Cell;
}

/** Instances as a table, one row each. */
export function instanceTable(
  instances: readonly InstanceSummary[],
  { style, now, isWide, pinnedGroups = new Set() }: InstanceTableOptions,
): { columns: Column[]; rows: Cell[][] } {
  const faintly = (text: string): Cell => ({ text, style: (cut) => style.faint(cut) });
  const parts: Part[] = [
    { title: 'NAME', gives: 8, least: 12, cell: ({ name }) => plain(name) },
    {
      title: 'STATUS',
      gives: 7,
      least: WHOLE,
      cell: ({ status }) => ({ text: plain(status), style: (text) => style.status(status, text) }),
    },
    { title: 'UP', align: 'right', gives: 5, least: WHOLE, cell: ({ started_at: start }) => since(start, now) },
    { title: 'ENGINE', gives: 4, cell: ({ engine }) => plain(engine) },
    { title: 'PORT', align: 'right', gives: 6, least: WHOLE, cell: portOf },
    { title: 'MODEL', gives: 3, least: 12, keeps: 'end', cell: (instance) => plain(modelName(instance) ?? '-') },
  ];
  if (isWide) {
    parts.push(
      { title: 'QUANT', gives: 2, cell: ({ model_info: info }) => plain(info?.quantization ?? '-') },
      { title: 'MEMORY', gives: 2, cell: ({ memory = [] }) => needsText(memory) },
      { title: 'GROUP', gives: 2, cell: ({ group }) => plain(group ?? '-') },
      {
        title: 'PINNED',
        gives: 1,
        cell: ({ pinned, group = '' }) => (pinned ? 'yes' : pinnedGroups.has(group) ? 'by group' : '-'),
      },
      { title: 'ALIASES', gives: 2, cell: ({ aliases }) => (aliases.length === 0 ? '-' : plain(aliases.join(', '))) },
      { title: 'CREATED', gives: 1, least: 16, cell: ({ created_at: created }) => moment(created) },
    );
  }
  if (instances.some((instance) => reasonText(instance) !== '')) {
    parts.push({
      title: 'REASON',
      gives: 2,
      least: 16,
      cell: (instance) => {
        const text = plain(reasonText(instance));
        return text === '' ? '' : faintly(text);
      },
    });
  }
  return { columns: parts, rows: instances.map((instance) => parts.map(({ cell }) => cell(instance))) };
}

/** Why it failed, restarts, waits, or was not started. */
function reasonText({ status, reason, waits_for: others, refused }: InstanceSummary): string {
  if (reason !== null) return reason;
  if (others.length > 0) return `waits for ${others.join(', ')}`;
  return status === 'stopped' && refused !== null ? `start refused: ${refusalText(refused.message)}` : '';
}

/** `ram 1.2 GB, nvidia:0 5.0 GB`: what its run holds. */
function needsText(memory: NonNullable<InstanceSummary['memory']>): string {
  return memory.length === 0
    ? '-'
    : memory.map(({ device, need }) => `${plain(device)} ${memoryText(need)}`).join(', ');
}

/** `8100→8150` while the engine has another port than the settings. */
function portOf({ port, running_port: current }: InstanceSummary): string {
  return current === null || current === port ? String(port) : `${current}→${port}`;
}
