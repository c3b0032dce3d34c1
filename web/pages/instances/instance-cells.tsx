import { refusalText } from '../../../format/refusal-text.ts';
import { memoryText, duration, percent, rateText } from '../../lib/figures.ts';
import { Age } from '../../components/age.tsx';
import { GridCell } from '../../components/grid.tsx';
import { Icon } from '../../components/icons.tsx';
import { LongName } from '../../components/long-name.tsx';
import { Progress } from '../../components/meter.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { StatusMark } from '../../components/status.tsx';
import { isPinnedByGroup } from '../../lib/groups.ts';
import { useWords } from '../../lib/language.ts';
import { ownSentence, useServerWords, type ServerWords } from '../../lib/server-words.ts';
import { useGroups, useTrail } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { modelName } from '../../../format/model-name.ts';
import { instancesWords } from '../../words/instances.ts';
import type { ColumnId } from './columns.ts';
import { instanceAddress } from './instance-address.ts';
import { RowStatus } from './row-status.tsx';

const NONE = <span className="text-mute">–</span>;

interface InstanceCellProps {
  column: ColumnId;
  row: Row;
  /** Columns that the status takes. */
  statusSpan: number;
}

/** One cell of the list. */
export function InstanceCell({ column, row, statusSpan }: InstanceCellProps) {
  switch (column) {
    case 'name':
      return <NameCell row={row} />;
    case 'status':
      return <StatusCell row={row} span={statusSpan} />;
    case 'model':
      return <ModelCell row={row} />;
    case 'requests':
      return <RequestsCell row={row} />;
    case 'tokens':
      return <TokensCell row={row} />;
    case 'gpu':
      return <GridCell isNumber>{figure(row.stats?.gpu_memory_usage, memoryText)}</GridCell>;
    case 'memory':
      return <GridCell isNumber>{figure(row.stats?.memory_usage, memoryText)}</GridCell>;
    case 'cpu':
      return <GridCell isNumber>{figure(row.stats?.cpu_usage, percent)}</GridCell>;
    case 'up':
      return <GridCell isNumber>{row.started_at === null ? NONE : <Age of={row.started_at} />}</GridCell>;
    case 'used':
      return <GridCell isNumber>{row.last_used_at === null ? NONE : <Age of={row.last_used_at} />}</GridCell>;
    case 'group':
      return <GridCell tip={row.group}>{row.group ?? NONE}</GridCell>;
    case 'engine':
      return <GridCell tip={row.engine}>{row.engine}</GridCell>;
    case 'port':
      return <GridCell isNumber>{row.running_port ?? row.port}</GridCell>;
  }
}

function figure(value: number | null | undefined, format: (value: number) => string) {
  return value === null || value === undefined ? NONE : format(value);
}

function NameCell({ row: { name, group, pinned, restart_required: waits } }: { row: Row }) {
  const words = useWords(instancesWords);
  const isGroupPinned = isPinnedByGroup({ group }, useGroups());
  return (
    <GridCell className="flex items-center gap-1.5">
      <a
        href={instanceAddress(name)}
        tabIndex={-1}
        title={name}
        className="flex min-w-0 font-strong hover:text-accent hover:underline"
      >
        <LongName name={name} />
      </a>
      {waits && <Note icon="restart" label={words.restartRequired} className="text-warn" />}
      {(pinned || isGroupPinned) && (
        <Note icon="pin" label={pinned ? words.pinned : words.pinnedByGroup(group ?? '')} className="text-mute" />
      )}
    </GridCell>
  );
}

function Note({ icon, label, className }: { icon: 'restart' | 'pin'; label: string; className: string }) {
  return (
    <span role="img" aria-label={label} data-tip={label} className={`inline-flex shrink-0 ${className}`}>
      <Icon name={icon} size={14} />
    </span>
  );
}

function StatusCell({ row, span }: { row: Row; span: number }) {
  const words = useWords(instancesWords);
  const serverWords = useServerWords();
  const { status, load, waits_for: others } = row;
  if (status === 'starting' && others.length === 0 && load !== null) return <LoadCell row={row} load={load} />;
  const text = statusReason(row, words, serverWords);
  const said = statusReason(row, words, null);
  // The sentence of another language may say less than the server's own.
  const tip = text === null || text === said ? said : `${text} – ${said}`;
  return <StatusText row={row} text={text} tip={tip} span={span} />;
}

/** The sentence beside the word of a status; `null`: the word says everything. @param serverWords `null`: in the words of the server. */
function statusReason(row: Row, words: (typeof instancesWords)['en'], serverWords: ServerWords | null): string | null {
  const { status, waits_for: others } = row;
  if (status === 'starting' && others.length > 0) return words.waitsFor(others.join(', '));
  return reasonText(row, words, serverWords);
}

/** Whether a row has no process and says why: its sentence may take the columns of the process, which are empty. */
export function isOnlyReason(row: Row, words: (typeof instancesWords)['en']): boolean {
  const { status, stats, started_at: startedAt, waiting } = row;
  const isEmpty = status !== 'running' && stats === null && startedAt === null && waiting === 0;
  return isEmpty && statusReason(row, words, null) !== null;
}

/** Why an instance failed or restarts, or why the last start of a stopped one was refused; `null`: none of these. */
export function reasonText(
  { status, reason, phrase, cause, refused }: Row,
  words: (typeof instancesWords)['en'],
  serverWords: ServerWords | null,
): string | null {
  if (reason !== null) {
    return ownSentence(phrase, serverWords)?.text ?? (cause && serverWords?.cause(cause)) ?? reason.replaceAll('`', '');
  }
  if (status !== 'stopped' || refused === null) return null;
  const own = serverWords?.refusal(refused) ?? null;
  if (own !== null) return own;
  const refusal = refusalText(refused.message);
  // The mark of the row says the rest.
  return refused.code === 'CAPACITY_EXCEEDED' ? words.refused(refusal) : refusal;
}

/** @param tip The whole reason. */
function StatusText({ row, text, tip, span }: { row: Row; text: string | null; tip: string | null; span: number }) {
  return (
    <GridCell span={span} tip={tip ?? undefined} className="flex items-center gap-2">
      <span className="flex shrink-0">
        <RowStatus row={row} />
      </span>
      {text !== null && <span className="min-w-0 truncate text-mute">{text}</span>}
    </GridCell>
  );
}

function LoadCell({ row: { name, status }, load }: { row: Row; load: NonNullable<Row['load']> }) {
  const words = useWords(instancesWords);
  const text = loadText(load, words);
  return (
    <GridCell tip={`${words.loading(load.phase)} · ${text}`} className="flex items-center gap-2">
      <span className="flex shrink-0">
        <StatusMark status={status} word={words.loading(load.phase)} />
      </span>
      {load.fraction !== null && <Progress label={name} share={load.fraction} className="w-16 shrink-0" />}
      <span className="figures min-w-0 truncate text-mute">{text}</span>
    </GridCell>
  );
}

/** How far a start is: `42 % · 9s left`, or the time since its begin. */
export function loadText(
  { fraction, elapsed, usual_seconds: usual }: NonNullable<Row['load']>,
  words: (typeof instancesWords)['en'],
): string {
  const left = usual === null || elapsed >= usual ? null : words.timeLeft(duration(usual - elapsed));
  return [fraction === null ? null : percent(Math.round(fraction * 100)), left ?? duration(elapsed)]
    .filter((part) => part !== null)
    .join(' · ');
}

function ModelCell({ row }: { row: Row }) {
  const name = modelName(row);
  const quant = row.model_info?.quantization ?? null;
  if (name === null) return <GridCell>{NONE}</GridCell>;
  const showsQuant = quant !== null && !name.toLowerCase().includes(quant.toLowerCase());
  return (
    <GridCell tip={row.model_path ?? name}>
      {name}
      {showsQuant && <span className="text-mute"> · {quant}</span>}
    </GridCell>
  );
}

function RequestsCell({ row: { status, in_flight: answered, waiting } }: { row: Row }) {
  const words = useWords(instancesWords);
  if (status !== 'running' && waiting === 0) return <GridCell isNumber>{NONE}</GridCell>;
  return (
    <GridCell isNumber tip={words.requestsTip(answered, waiting)}>
      {answered}
      {waiting > 0 && <span className="text-warn"> + {waiting}</span>}
    </GridCell>
  );
}

function TokensCell({ row: { name, status, tokens_per_second: rate } }: { row: Row }) {
  const trail = useTrail(name);
  if (status !== 'running') return <GridCell isNumber>{NONE}</GridCell>;
  return (
    <GridCell isNumber className="flex items-center justify-end gap-2">
      {trail.some((value) => value > 0) && <Sparkline values={trail} />}
      <span>{rate > 0 ? rateText(rate) : '0'}</span>
    </GridCell>
  );
}
