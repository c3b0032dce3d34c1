import type { Instance } from '@llamactl/client';
import { Command } from 'commander';
import type { CommandLine, Session } from '../command-line.ts';
import { isUsageAdvice } from '../engine-output.ts';
import type { Explanation, WhyFacts } from '../why/explanation.ts';

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
  const [{ explain }, { nearInstance }] = await Promise.all([
    import('../why/explanation.ts'),
    import('../instances/near-instance.ts'),
  ]);
  const { client, signal, terminal } = session;
  const instance = await client.getInstance(name, { signal }).catch(async (error: unknown) => {
    throw await nearInstance(session, name, error);
  });
  const facts = await factsOf(session, instance);
  const explanation = explain(facts);
  if (terminal.isJson) terminal.printJsonLine({ name: instance.name, status: instance.status, ...explanation });
  else await print(session, instance, explanation);
}

/** Collects the facts, without those that the server refuses: the instance itself explains the most. */
async function factsOf({ client, signal, now }: Session, instance: Instance): Promise<WhyFacts> {
  const { name, pid } = instance;
  const call = { signal };
  const [health, alerts, machine, errors] = await Promise.all([
    unlessRefused(client.getInstanceHealth(name, call)),
    unlessRefused(client.getSystemAlerts(call)),
    unlessRefused(client.getSystemStatus(call)),
    unlessRefused(client.getInstanceLogs(name, { lines: 2, level: 'error', ...call })),
  ]);
  return {
    instance,
    health: pid === null ? null : health,
    alerts: (alerts ?? []).filter(({ instance: whose }) => whose === undefined || whose === name),
    memory: machine && { used: machine.resources.memory_usage, total: machine.resources.memory_total },
    lastError: errors?.logs.findLast(({ message }) => !isUsageAdvice(message)) ?? null,
    obstacle: health?.start_obstacle?.message ?? null,
    now: now(),
  };
}

async function unlessRefused<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    return await answer;
  } catch (error) {
    if (error instanceof LlamactlError) return null;
    throw error;
  }
}

async function print({ terminal }: Session, { status }: Instance, explanation: Explanation): Promise<void> {
  const { plain, roomBeside, wrapped } = await import('../screen/text.ts');
  const { sentence, evidence, remedies } = explanation;
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
