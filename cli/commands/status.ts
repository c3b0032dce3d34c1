import type { Alert, Gpu, SystemStatus } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { memoryText, count, duration, percent } from '../../format/figures.ts';
import type { Style } from '../screen/style.ts';
import { cut, plain, roomBeside, wrapped } from '../screen/text.ts';

/** Most GPUs to list, so that the output stays short. */
const MOST_GPUS = 7;
/** In order of display. */
const STATES = ['running', 'starting', 'restarting', 'stopping', 'failed', 'stopped'] as const;

export function statusCommand(commandLine: CommandLine): Command {
  return new Command('status')
    .description('Show the server, the machine, and instances by state.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl status
  llamactl status --json | jq .status.instances
  llamactl --context gpu-box status`,
    )
    .action(commandLine.online((session) => show(session)));
}

async function show({ client, address, terminal, signal }: Session): Promise<void> {
  const [status, info, alerts] = await Promise.all([
    client.getSystemStatus({ signal }),
    client.getSystemInfo({ signal }),
    client.getSystemAlerts({ signal }),
  ]);
  if (terminal.isJson) return terminal.printJson({ url: client.url, status, info, alerts });
  if (terminal.isQuiet) return terminal.print(client.url);
  const { style, columns } = terminal;
  const { resources, uptime } = status;
  const memory = share(resources.memory_usage, resources.memory_total);
  const lines: [label: string, text: string, paint?: (text: string) => string][] = [
    ['server', `llamactl ${plain(status.version)} at ${client.url}`, (text) => style.strong(text)],
    ['found by', plain(address.source), (text) => style.faint(text)],
    ['up', `${duration(uptime)}, on ${plain(info.hostname)} (${plain(info.os)}, ${plain(info.arch)})`],
    ['instances', states(status)],
    ['CPU', `${percent(resources.cpu_usage)} of ${count(info.cpu_count, 'core')}`],
    ['memory', `${memoryText(resources.memory_usage)} of ${memoryText(resources.memory_total)}${memory}`],
    ['disk', `${percent(resources.disk_usage)} used (data directory)`],
    ...resources.gpus.slice(0, MOST_GPUS).map((gpu): [string, string] => [`GPU ${gpu.index}`, gpuText(gpu)]),
  ];
  const unseen = resources.gpus.length - MOST_GPUS;
  if (unseen > 0) lines.push(['', `and ${count(unseen, 'more GPU')}, see --json`]);
  lines.push(alertsLine(alerts, style));
  const width = Math.max(...lines.map(([label]) => label.length)) + 2;
  for (const [label, text, paint = (same: string) => same] of lines) {
    const room = roomBeside(width, columns);
    for (const [index, line] of (label.startsWith('GPU') ? [cut(text, room)] : wrapped(text, room)).entries())
      terminal.print(`${style.faint((index === 0 ? label : '').padEnd(width))}${paint(line)}`);
  }
}

function states({ instances }: SystemStatus): string {
  const present = STATES.filter((state) => instances[state] > 0).map((state) => `${instances[state]} ${state}`);
  return present.length === 0 ? 'none; to create one: llamactl create' : present.join(', ');
}

function share(usage: number, total: number): string {
  return total > 0 ? ` (${percent((usage / total) * 100)})` : '';
}

function gpuText({ name, memory_usage, memory_total, utilization, temperature, power }: Gpu): string {
  const memory = memory_usage === null ? [] : [`${memoryText(memory_usage)} of ${memoryText(memory_total)}`];
  return [
    plain(name),
    ...memory,
    ...(utilization === null ? [] : [`${percent(utilization)} busy`]),
    ...(temperature === null ? [] : [`${Math.round(temperature)} °C`]),
    ...(power === null ? [] : [`${Math.round(power)} W`]),
  ].join(', ');
}

function alertsLine(alerts: readonly Alert[], style: Style): [string, string, (text: string) => string] {
  if (alerts.length === 0) return ['alerts', 'none', (text) => text];
  const isBad = alerts.some(({ level }) => level === 'error');
  return [
    'alerts',
    `${alerts.length}; to list them: llamactl alerts`,
    (text) => (isBad ? style.bad(text) : style.warning(text)),
  ];
}
