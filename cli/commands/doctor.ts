import { Command } from 'commander';
import type { Finding } from '@llamactl/server/main';
import type { CommandLine, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { DEFAULT } from '../server/server-address.ts';
import type { Terminal } from '../screen/terminal.ts';
import { remedyLine } from '../why/remedy-line.ts';

type Level = Finding['level'];

interface DoctorFlags {
  config?: string;
  dataDir?: string;
}

export function doctorCommand(commandLine: CommandLine): Command {
  return new Command('doctor')
    .description('Find problems of this machine, the configuration and the server, and suggest fixes.')
    .option('--config <file>', 'Configuration file (default: as for llamactl serve)')
    .option('--data-dir <folder>', 'Data directory of the server (data_dir)')
    .addHelpText(
      'after',
      `
Works without a server. ✓ is fine, ! is a warning, ✗ is an error. Exits with 1
if there is an error. With -q it prints only warnings and errors.

Examples:
  llamactl doctor
  llamactl doctor -q
  llamactl doctor --config /etc/llamactl/config.yaml --json`,
    )
    .action(
      commandLine.online<DoctorFlags>(async (session, { flags }) => {
        const { environment } = commandLine.surroundings;
        if (await examineAll(session, environment, flags)) commandLine.endWith(EXIT.failed);
      }),
    );
}

/** @returns whether any finding is an error */
async function examineAll(
  session: Session,
  environment: Readonly<Record<string, string | undefined>>,
  { config, dataDir }: DoctorFlags,
): Promise<boolean> {
  const { terminal, now } = session;
  const [{ examine }, { checkServer }, main, { Client }, { patience }] = await Promise.all([
    import('../doctor/examination.ts'),
    import('../doctor/server-checks.ts'),
    import('@llamactl/server/main'),
    import('@llamactl/client'),
    import('../patience.ts'),
  ]);
  const patient = patience((text) => terminal.note(text), now);
  const overrides: Record<string, string> = dataDir === undefined ? {} : { data_dir: dataDir };
  const findings: Finding[] = [];
  for await (const finding of examine({
    readConfig: () => main.readConfig({ configFile: config ?? null, overrides, searchLocal: true }),
    inspect: main.createInspection,
    server: (local) => {
      const { address, client } = session;
      // If the command line names no server, check the server that was found on this machine.
      const isUnnamed = address.source === DEFAULT || address.expected !== undefined;
      const found = local !== null && isUnnamed ? local : null;
      return checkServer({
        ...session,
        client: found === null ? client : new Client({ url: found.url, token: address.token ?? undefined, ...patient }),
        address: found === null ? address : { ...address, url: found.url, source: found.file },
        pid: local !== null && local.url === (found?.url ?? address.url) ? local.pid : null,
        version: main.VERSION,
      });
    },
    contexts: session.contexts.file,
    environment,
    built: main.BUILD_TIME,
    now,
    uid: process.getuid?.() ?? null,
  })) {
    session.signal.throwIfAborted();
    findings.push(finding);
    if (!terminal.isJson) await print(terminal, finding);
  }
  if (terminal.isJson) {
    terminal.printJson(findings.map((finding) => ({ ...finding, remedies: linesOf(finding) })));
  } else sumUp(terminal, findings);
  return findings.some(({ level }) => level === 'error');
}

/** Width of the longest check that always runs. */
const NAME_WIDTH = 13;

/** The remedies as lines. */
function linesOf({ instance = '', remedies }: Finding): string[] {
  return remedies.map((remedy) => remedyLine(instance, remedy));
}

async function print(terminal: Terminal, finding: Finding): Promise<void> {
  const { check, level, message } = finding;
  if (terminal.isQuiet && level === 'ok') return;
  const { plain, padded, roomBeside, wrapped, widthOf } = await import('../screen/text.ts');
  const { style } = terminal;
  const name = padded(plain(check), NAME_WIDTH);
  const indent = widthOf(name) + 4;
  const width = roomBeside(indent, Math.min(terminal.columns, 120));
  const lines = [
    ...wrapped(plain(message), width),
    ...linesOf(finding).flatMap((remedy) =>
      wrapped(plain(remedy), width - 2).map((line, index) => `${index === 0 ? '→ ' : '  '}${line}`),
    ),
  ];
  for (const [index, line] of lines.entries()) {
    const start = index === 0 ? `${sign(terminal, level)} ${style.strong(name)}  ` : ' '.repeat(indent);
    terminal.print(start + line);
  }
}

function sign({ style }: Terminal, level: Level): string {
  switch (level) {
    case 'ok':
      return style.good('✓');
    case 'warning':
      return style.warning('!');
    case 'error':
      return style.bad('✗');
  }
}

function sumUp(terminal: Terminal, findings: readonly Finding[]): void {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const errors = count('error');
  const warnings = count('warning');
  const parts = [
    ...(errors === 0 ? [] : [`${errors} ${errors === 1 ? 'error' : 'errors'}`]),
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
  ];
  terminal.note(parts.length === 0 ? 'no problems found' : parts.join(', '));
}
