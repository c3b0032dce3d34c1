import type { Frame } from '@llamactl/client';
import { memoryText, count, percent } from '../../format/figures.ts';
import { refusalText } from '../../format/refusal-text.ts';
import { settingChanges } from '../../format/setting-changes.ts';
import { ANONYMOUS } from '../access/audit-rows.ts';
import type { Style } from '../screen/style.ts';
import { padded, plain, roomBeside, widthOf, wrapped } from '../screen/text.ts';

type Trigger = NonNullable<Extract<Frame, { type: 'instance_status_changed' }>['data']['trigger']>;

/** Most names are shorter, so the text after them forms a column. */
const NAME_COLUMNS = 12;
/** The longest kind of decision. */
const DECISION_COLUMNS = 9;
const GAP = '  ';

/**
 * An event for a person: one line, or more on a narrow terminal.
 *
 * @param time The time as shown.
 * @param columns Width of the terminal; `Infinity` for no limit.
 */
export function eventLines(frame: Frame, time: string, style: Style, columns: number): string[] {
  const indent = widthOf(time) + GAP.length;
  const [first = '', ...rest] = wrapped(partsOf(frame, style).join(GAP), roomBeside(indent, columns));
  return [`${style.faint(time)}${GAP}${first}`, ...rest.map((line) => `${' '.repeat(indent)}${line}`)];
}

function partsOf(frame: Frame, style: Style): string[] {
  switch (frame.type) {
    case 'instance_status_changed': {
      const {
        name,
        previous_status: previous,
        status,
        cause,
        reason = cause && causeText(cause),
        trigger,
      } = frame.data;
      const change = `${style.faint(plain(previous))} → ${style.status(status, plain(status))}`;
      const by = trigger === undefined ? null : triggerText(trigger);
      return [nameOf(name), change, ...[reason, by].flatMap((text) => (typeof text === 'string' ? [plain(text)] : []))];
    }
    case 'instance_start_refused': {
      const { name, message, trigger } = frame.data;
      const by = trigger === undefined ? null : triggerText(trigger);
      const why = plain(refusalText(message));
      return [nameOf(name), style.bad('start refused'), why, ...(by === null ? [] : [plain(by)])];
    }
    case 'instance_created':
      return [nameOf(frame.data.name), 'created', ...authorOf(frame.data.caller)];
    case 'instance_updated': {
      const { name, previous_name: previous, reason, caller } = frame.data;
      if (reason !== undefined) return [nameOf(name), 'needs a restart', plain(reason)];
      const change =
        previous === undefined ? [nameOf(name), 'updated'] : [nameOf(previous), `renamed to ${plain(name)}`];
      return [...change, ...changesOf(frame.data), ...authorOf(caller)];
    }
    case 'instance_deleted':
      return [nameOf(frame.data.name), 'deleted', ...authorOf(frame.data.caller)];
    case 'instance_stats_updated': {
      const { name, stats } = frame.data;
      const { memory_usage: memory, cpu_usage: cpu, threads, gpu_memory_usage: gpu } = stats;
      const figures = [memoryText(memory), `${percent(cpu)} CPU`, count(threads, 'thread')];
      return [nameOf(name), ...figures, ...(gpu === null ? [] : [`${memoryText(gpu)} GPU`])];
    }
    case 'system_alert': {
      const { level, code, message, state, instance = 'system' } = frame.data;
      if (state === 'cleared')
        return [nameOf(instance), style.good(`over ${plain(code)}`), style.faint(plain(message))];
      const raised = level === 'error' ? style.bad(`error ${plain(code)}`) : style.warning(`warning ${plain(code)}`);
      return [nameOf(instance), raised, plain(message)];
    }
    case 'decision': {
      const { decision, instance = 'system', message } = frame.data;
      return [nameOf(instance), style.faint(padded(plain(decision), DECISION_COLUMNS)), plain(message)];
    }
    case 'gap':
      return [style.warning('some events are missing here: the server no longer keeps them')];
    default:
      return otherParts(frame);
  }
}

/** The reason of a stop, for servers that send only its cause. */
function causeText(cause: 'eviction' | 'idle'): string {
  return cause === 'eviction' ? 'another instance needed its slot or memory' : 'idle for too long';
}

/** The changed settings, with their values if the event has them: one part, or none. */
function changesOf(data: Parameters<typeof settingChanges>[0]): string[] {
  const changes = settingChanges(data, 'default').map(({ name, values }) =>
    values === null ? name : `${name} ${values.from} → ${values.to}`,
  );
  return changes.length === 0 ? [] : [plain(changes.join(', '))];
}

/** Who made a change: one part, or none. An anonymous caller says nothing to a reader. */
function authorOf(caller: string | undefined): string[] {
  return caller === undefined || caller === ANONYMOUS ? [] : [plain(`by ${caller}`)];
}

/** Who or what caused a start or a change of status; `null`: its reason says all of it. */
function triggerText({ kind, caller, request_id: request, needed_by: other }: Trigger): string | null {
  const by = authorOf(caller)
    .map((author) => ` ${author}`)
    .join('');
  switch (kind) {
    case 'command':
      return `a command${by}`;
    case 'update':
      return `an update${by}`;
    case 'demand':
      return `${request === undefined ? 'a request' : `request ${request}`}${by}`;
    case 'eviction':
      return other === undefined ? null : `for ${other}`;
    case 'idle':
      return null;
    case 'restart_policy':
      return 'the restart policy';
    case 'server_start':
      return 'the start of llamactl';
    default:
      return plain(kind);
  }
}

/** The parts of an event whose type this version does not know. */
function otherParts({ type, data }: { type: string; data: unknown }): string[] {
  return [plain(type), plain(JSON.stringify(data))];
}

function nameOf(name: string): string {
  return padded(plain(name), NAME_COLUMNS);
}
