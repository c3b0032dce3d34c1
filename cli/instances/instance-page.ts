import type { Instance } from '@llamactl/client';
import { bytes, memoryText, contextText, count, duration, since } from '../../format/figures.ts';
import { refusalText } from '../../format/refusal-text.ts';
import { shellQuoted } from '../../format/shell-words.ts';
import { newerModel } from './newer-model.ts';
import type { Style } from '../screen/style.ts';
import { cut, plain, roomBeside, widthOf, wrapped } from '../screen/text.ts';

/** The medium that a page is printed on. */
interface Paper {
  columns: number;
  style: Style;
}

/** A label and its values, one line each. */
type Entry = readonly [label: string, values: readonly string[]];

const LABEL_WIDTH = 13;
const MOST_COLUMNS = 120;
/** Columns of a system prompt that are shown. `show --json` prints all of it. */
const LONGEST_PROMPT = 400;

/** Facts of a page that the instance itself does not have. */
interface Surroundings {
  /** Why a start would be refused; `null`: no reason is known. */
  obstacle: string | null;
  /** Whether its group is pinned, and with it all members. */
  isGroupPinned: boolean;
}

const NOTHING_KNOWN: Surroundings = { obstacle: null, isGroupPinned: false };

/** All facts about an instance as a page of text. @param now Milliseconds since the epoch. */
export function pageLines(instance: Instance, paper: Paper, now: number, surroundings = NOTHING_KNOWN): string[] {
  const columns = Math.min(paper.columns, MOST_COLUMNS);
  const { style } = paper;
  const shown = entriesOf(instance, now, surroundings).flatMap(([label, values]) =>
    values.flatMap((value, index) => entryLines(index === 0 ? label : '', value, columns, style)),
  );
  return [
    `${style.strong(instance.name)}  ${style.status(instance.status)}${beside(instance, now)}`,
    ...shown,
    ...exitLines(instance, { columns: paper.columns, style }, now),
    '',
    style.faint(instance.pid === null ? 'command of the next run' : 'command'),
    ...commandLines(instance.effective_command, paper.columns),
  ];
}

/** The facts after the status in the first line. */
function beside(instance: Instance, now: number): string {
  const { started_at: startedAt, pid, port, stats } = instance;
  const current = instance.running_port ?? port;
  const facts = [
    ...(startedAt === null ? [] : [`up ${since(startedAt, now)}`]),
    current === port ? `port ${port}` : `port ${current}, ${port} from the next start`,
    ...(pid === null ? [] : [`process ${pid}`]),
    ...(stats === null ? [] : [memoryText(stats.memory_usage)]),
  ];
  return `  ${facts.join(', ')}`;
}

function entriesOf(instance: Instance, now: number, { obstacle, isGroupPinned }: Surroundings): Entry[] {
  const { reason, status, engine, options, extra_args: extra, environment, aliases } = instance;
  const { command, health_path: healthPath, restart_required: isBehind, name } = instance;
  const newer = newerModel(instance);
  const optional = (label: string, values: readonly string[]): Entry[] =>
    values.length === 0 ? [] : [[label, values]];
  return [
    ...optional(
      'reason',
      reason === null ? [] : [isOutdated(instance) ? `${reason}; it has another file now` : reason],
    ),
    ...optional('waits for', instance.waits_for),
    ...optional('refused', refusedTexts(instance, now, obstacle)),
    ...optional('attention', [
      ...(isBehind
        ? [`it runs with older settings${obstacle === null ? `; to apply the new ones: llamactl restart ${name}` : ''}`]
        : []),
      ...(obstacle === null || reason?.includes(obstacle) === true
        ? []
        : [
            `${status === 'running' ? 'once it stops, it cannot start again' : 'it cannot be started'}: ${obstacle}; for help: llamactl why ${name}`,
          ]),
      ...(newer === null ? [] : [newer]),
    ]),
    ['engine', [engine]],
    ...optional('model', modelTexts(instance)),
    ...optional('memory', memoryTexts(instance)),
    ...optional('options', optionTexts(options)),
    ...optional('arguments', extra.length === 0 ? [] : [extra.map(shellQuoted).join(' ')]),
    ...optional('own command', command === undefined ? [] : [command.map(shellQuoted).join(' ')]),
    ...optional('health path', healthPath === undefined ? [] : [healthPath]),
    ...optional(
      'environment',
      Object.entries(environment).map(([variable, value]) => `${variable}=${value}`),
    ),
    ...optional('preset', instance.preset === undefined ? [] : [instance.preset]),
    ...optional('prompt', promptTexts(instance)),
    ...optional('defaults', defaultTexts(instance.request_defaults)),
    ...optional('stripped', instance.request_strip),
    ...optional('aliases', aliases),
    ...optional('listed', instance.unlisted ? ['no, but it can be used'] : []),
    ['policy', [policyOf(instance)]],
    ['requests', [requestsOf(instance, isGroupPinned)]],
    ...optional('context', contextTexts(instance, now)),
    ['created', [`${since(instance.created_at, now)} ago${changedText(instance, now)}`]],
  ];
}

/** The last refused start, with its reason if it is not the obstacle of the next one. */
function refusedTexts({ status, refused }: Instance, now: number, obstacle: string | null): string[] {
  if (refused === null || (status !== 'stopped' && status !== 'failed')) return [];
  const start = `the last start, ${since(refused.at, now)} ago`;
  return [
    obstacle !== null && refused.message.includes(obstacle) ? start : `${start}: ${refusalText(refused.message)}`,
  ];
}

/** Whether an instance failed for lack of a file that an update has replaced. */
function isOutdated({ status, reason, model_path: file }: Instance): boolean {
  const [, missing] = /the model file (\/.*) does not exist/.exec(reason ?? '') ?? [];
  return status === 'failed' && missing !== undefined && missing !== file;
}

function optionTexts(options: Instance['options']): string[] {
  const width = Math.max(0, ...Object.keys(options).map((key) => widthOf(key)));
  const text = (value: string | number | boolean): string => (value === '' ? "''" : String(value));
  return Object.entries(options).flatMap(([key, value]) =>
    (Array.isArray(value) ? value : [value]).map((each) => `${key.padEnd(width)}  ${text(each)}`),
  );
}

/** Name and file of the model, and what its header says. */
function modelTexts({ model, model_path: file, model_info: info }: Instance): string[] {
  // A model of Ollama without its file has no size.
  const size = info === null || info.size === 0 ? null : bytes(info.size);
  const facts = info === null ? [] : [info.quantization, size, trainedFor(info.context)];
  const known = facts.filter((fact) => fact !== null);
  return [model, file, ...(known.length === 0 ? [] : [known.join(', ')])].filter((text) => text !== undefined);
}

/** The memory that its run holds on each device, and that its processes use. The use of several GPUs is known only in sum. */
function memoryTexts({ memory = [], stats }: Instance): string[] {
  const gpus = memory.filter(({ device }) => device !== 'ram');
  return memory.map(({ device, need, source }) => {
    const used = device === 'ram' ? stats?.memory_usage : gpus.length === 1 ? stats?.gpu_memory_usage : null;
    const use = used === null || used === undefined ? '' : `, uses ${memoryText(used)}`;
    return `${device}  holds ${memoryText(need)} (${source})${use}`;
  });
}

function trainedFor(context: number | null): string | null {
  return context === null ? null : `trained for ${contextText(context)} tokens of context`;
}

/** The system prompt of an instance, cut if it is long. */
function promptTexts({ system_prompt: prompt }: Instance): string[] {
  if (prompt === undefined) return [];
  return [prompt === '' ? "'' (none, not even of its preset)" : cut(plain(prompt), LONGEST_PROMPT)];
}

function defaultTexts(defaults: Instance['request_defaults']): string[] {
  const width = Math.max(0, ...Object.keys(defaults).map((key) => widthOf(key)));
  return Object.entries(defaults).map(([key, value]) => `${key.padEnd(width)}  ${JSON.stringify(value)}`);
}

function policyOf(instance: Instance): string {
  const { auto_start: autoStart, auto_restart: autoRestart, max_restarts: most, restart_count: restarts } = instance;
  const times = most === -1 ? 'without limit' : `at most ${count(most, 'time')} in a row`;
  const already = restarts === 0 ? '' : `, ${restarts} so far`;
  return [
    autoRestart ? `restarts when it dies, ${times}${already}` : 'is not restarted when it dies',
    autoStart ? 'starts again after a reboot' : 'stays stopped after a reboot',
  ].join('; ');
}

/** How `/v1` requests are handled. */
function requestsOf(instance: Instance, isGroupPinned: boolean): string {
  const {
    on_demand: onDemand,
    idle_timeout: idle,
    pinned,
    group,
    concurrency,
    upstream_model: model,
    isolated,
  } = instance;
  return [
    onDemand ? 'the first one starts the engine' : 'never start the engine',
    ...(pinned || isGroupPinned
      ? [`pinned${pinned ? '' : ' by its group'}${idle > 0 ? `, so idle_timeout ${duration(idle)} has no effect` : ''}`]
      : idle > 0
        ? [`stopped after ${duration(idle)} without one`]
        : []),
    ...(group === undefined ? [] : [`in the group ${group}`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...(model === undefined ? [] : [`upstream model ${model}`]),
    ...(isolated ? ['isolated'] : []),
  ].join('; ');
}

/** The saved context of an instance; empty: it has none, and is not meant to. */
function contextTexts({ keep_context: keep, context }: Instance, now: number): string[] {
  if (context === null) return keep === 'off' ? [] : ['kept over a stop; nothing is saved yet'];
  const { tokens, bytes: size, saved_at: savedAt, reuse } = context;
  const used =
    reuse === null
      ? []
      : [`last restored ${since(reuse.at, now)} ago: ${reuse.reused} of ${count(reuse.restored, 'token')} reused`];
  return [`${count(tokens, 'token')} saved ${since(savedAt, now)} ago, ${bytes(size)}`, ...used];
}

function changedText({ created_at: createdAt, updated_at: updatedAt }: Instance, now: number): string {
  return updatedAt === createdAt ? '' : `, changed ${since(updatedAt, now)} ago`;
}

function exitLines({ last_exit: exit, status }: Instance, { columns, style }: Paper, now: number): string[] {
  if (exit === null) return [];
  const how = exit.signal ?? (exit.code === null ? 'status unknown' : `status ${exit.code}`);
  const text = `${duration((now - Date.parse(exit.at)) / 1_000)} ago, ${how}: ${exit.reason}`;
  // Output before an orderly end, or an end long past, is of no interest.
  const lines =
    status !== 'running' && (status === 'failed' || status === 'restarting' || exit.code !== 0) ? exit.lines : [];
  const room = columns - LABEL_WIDTH;
  return [
    ...entryLines('last exit', text, Math.min(columns, MOST_COLUMNS), style),
    ...lines.map((line) => style.faint(`${' '.repeat(LABEL_WIDTH)}${cut(plain(line), room)}`)),
  ];
}

function entryLines(label: string, value: string, columns: number, style: Style): string[] {
  const [first = '', ...more] = wrapped(plain(value), roomBeside(LABEL_WIDTH, columns));
  return [
    `${style.faint(label.padEnd(LABEL_WIDTH))}${first}`,
    ...more.map((line) => `${' '.repeat(LABEL_WIDTH)}${line}`),
  ];
}

/** The command as a shell accepts it, on several lines if needed. */
function commandLines(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.map((each) => plain(shellQuoted(each)))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > columns - 2) {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    } else line = longer;
  }
  return [...lines, line];
}
