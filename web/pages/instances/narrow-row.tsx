import { memo } from 'react';
import { LongName } from '../../components/long-name.tsx';
import { memoryText, number } from '../../lib/figures.ts';
import { StatusShape } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { useServerWords, type ServerWords } from '../../lib/server-words.ts';
import { useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { modelName } from '../../../format/model-name.ts';
import { instancesWords } from '../../words/instances.ts';
import { partsWords } from '../../words/parts.ts';
import { instanceAddress } from './instance-address.ts';
import { loadText, reasonText } from './instance-cells.tsx';
import { RowActions } from './row-actions.tsx';
import { RowStatus } from './row-status.tsx';

/** An instance in two lines, for a narrow screen. */
export const NarrowRow = memo(function NarrowRow({ name }: { name: string }) {
  const words = useWords(instancesWords);
  const parts = useWords(partsWords);
  const serverWords = useServerWords();
  const row = useRow(name);
  if (row === undefined) return null;
  return (
    <div role="gridcell" className="flex min-w-0 items-center gap-1 px-2">
      <a href={instanceAddress(name)} tabIndex={-1} className="flex min-w-0 grow flex-col">
        <span className="flex min-w-0 items-center gap-2">
          {row.status === 'running' ? <StatusShape of="running" label={parts.statuses.running} /> : null}
          <span className="flex min-w-0 text-form font-strong">
            <LongName name={name} />
          </span>
          {row.status !== 'running' && (
            <span className="flex shrink-0">
              <RowStatus row={row} {...(row.load === null ? {} : { word: words.loading(row.load.phase) })} />
            </span>
          )}
        </span>
        <span className="figures truncate text-mute">{secondLine(row, words, serverWords)}</span>
      </a>
      <RowActions row={row} />
    </div>
  );
});

/** The most useful facts of an instance in its state. */
function secondLine(row: Row, words: (typeof instancesWords)['en'], serverWords: ServerWords | null): string {
  const { status, load, waits_for: others, stats } = row;
  const reason = status === 'running' ? null : reasonText(row, words, serverWords);
  if (reason !== null) return reason;
  if (others.length > 0) return words.waitsFor(others.join(', '));
  if (status === 'starting' && load !== null) return loadText(load, words);
  const memory = stats === null ? null : memoryText(stats.gpu_memory_usage ?? stats.memory_usage);
  const rate = row.tokens_per_second > 0 ? `${number(row.tokens_per_second)} tok/s` : null;
  return [modelName(row), rate, memory].filter((part) => part !== null).join(' · ');
}
