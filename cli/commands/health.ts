import type { Health } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { eachInstance } from '../instances/instance-each.ts';
import { distinct } from '../instances/many.ts';
import type { Style } from '../screen/style.ts';
import { plain } from '../screen/text.ts';

export function healthCommand(commandLine: CommandLine): Command {
  return new Command('health')
    .description('Check now whether engines answer.')
    .argument('[name...]', 'Only these, with exit status 1 if one is not healthy (default: all)')
    .addHelpText(
      'after',
      `
Examples:
  llamactl health
  llamactl health llama && echo it answers
  llamactl health llama -q`,
    )
    .action(commandLine.online((session, { words }) => show(commandLine, session, words)));
}

async function show(commandLine: CommandLine, session: Session, names: readonly string[]): Promise<void> {
  const { client, terminal, signal } = session;
  const wanted = names.length > 0 ? distinct(names) : (await client.listInstances({ signal })).map(({ name }) => name);
  const isHealthy = ({ result }: { result: Health }): boolean => result.status === 'healthy';
  const read = await eachInstance(commandLine, session, wanted, (name) => client.getInstanceHealth(name, { signal }));
  if (names.length > 0 && !read.every(isHealthy)) commandLine.endWith(EXIT.failed);
  if (terminal.isJson) return terminal.printJson(read.map(({ name, result }) => ({ name, ...result })));
  if (terminal.isQuiet) return read.forEach(({ result }) => terminal.print(plain(result.status)));
  if (read.length === 0) return wanted.length === 0 ? terminal.note('there are no instances yet') : undefined;
  const { style } = terminal;
  terminal.printTable(
    [
      { title: 'NAME', gives: 0, least: 12 },
      { title: 'STATUS' },
      { title: 'PROCESS' },
      { title: 'PORT' },
      { title: 'RESPONSE' },
    ],
    read.map(({ name, result: { status, checks } }) => [
      plain(name),
      { text: plain(status), style: (text) => coloured(style, status, text) },
      plain(checks.process),
      plain(checks.port),
      plain(checks.response),
    ]),
  );
}

function coloured(style: Style, status: Health['status'], text: string): string {
  switch (status) {
    case 'healthy':
      return style.good(text);
    case 'starting':
      return style.warning(text);
    case 'unhealthy':
      return style.bad(text);
    case 'stopped':
      return style.faint(text);
  }
}
