import type { Instance, Why } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';

export function whyCommand(commandLine: CommandLine): Command {
  return new Command('why')
    .description('Explain the state of an instance: the cause, the evidence, and how to fix it.')
    .argument('<name...>', 'Instances')
    .addHelpText(
      'after',
      `
With -q it prints only the cause.

Examples:
  llamactl why qwen
  llamactl why qwen --json`,
    )
    .action(
      commandLine.online(async (session, { words }) => {
        for (const [index, name] of words.entries()) {
          if (index > 0 && !session.terminal.isJson && !session.terminal.isQuiet) session.terminal.print('');
          await why(session, name);
        }
      }),
    );
}

async function why(session: Session, name: string): Promise<void> {
  const { client, signal, terminal } = session;
  const [{ remedyLine }, { nearInstance }] = await Promise.all([
    import('../why/remedy-line.ts'),
    import('../instances/near-instance.ts'),
  ]);
  const [instance, explanation] = await Promise.all([
    client.getInstance(name, { signal }),
    client.getInstanceWhy(name, { signal }),
  ]).catch(async (error: unknown) => {
    throw await nearInstance(session, name, error);
  });
  if (terminal.isJson) terminal.printJsonLine({ name: instance.name, status: instance.status, ...explanation });
  else {
    const remedies = explanation.remedies.map((remedy) => remedyLine(instance.name, remedy));
    await print(session, instance, explanation, remedies);
  }
}

async function print(
  { terminal }: Session,
  { status }: Instance,
  { sentence, evidence }: Why,
  remedies: readonly string[],
): Promise<void> {
  const { plain, roomBeside, wrapped } = await import('../screen/text.ts');
  const { style, columns, isQuiet } = terminal;
  const width = Math.min(columns, 120);
  const lines = (text: string, indent: number): string[] => wrapped(plain(text), roomBeside(indent, width));
  for (const line of lines(sentence, 0)) terminal.print(style.status(status, line));
  if (isQuiet) return;
  const room = Math.max(0, ...evidence.map(({ what }) => what.length));
  for (const { what, text } of evidence) {
    for (const [index, line] of lines(text, room + 4).entries()) {
      terminal.print(`  ${style.faint((index === 0 ? what : '').padEnd(room))}  ${line}`);
    }
  }
  for (const remedy of remedies) {
    for (const [index, line] of lines(remedy, 4).entries()) terminal.print(`${index === 0 ? '  → ' : '    '}${line}`);
  }
}
