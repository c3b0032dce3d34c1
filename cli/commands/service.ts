import { Command } from 'commander';
import type { CommandLine } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { refuseServer } from '../server/own-machine.ts';
import { overridesOf, withServeFlags, type ServeFlags } from '../server/serve-flags.ts';
import type { ServiceControl, ServiceState } from '../service/service-control.ts';
import type { Terminal } from '../screen/terminal.ts';

interface ServiceFlags extends ServeFlags {
  system?: boolean;
}

const SYSTEM = ['--system', 'The service of the machine instead of your own; needs root and systemd'] as const;

export function serviceCommand(commandLine: CommandLine): Command {
  return new Command('service')
    .description('Run the server as a service of systemd or launchd, which starts it again by itself.')
    .addHelpText(
      'after',
      `
Examples:
  llamactl service install
  llamactl service status
  sudo llamactl service install --system`,
    )
    .addCommand(installCommand(commandLine))
    .addCommand(uninstallCommand(commandLine))
    .addCommand(statusCommand(commandLine));
}

function installCommand(commandLine: CommandLine): Command {
  const command = new Command('install').description(
    'Install the service, and start it. Again, with other options: change it.',
  );
  return withServeFlags(command.option(...SYSTEM), 'info, on macOS warn')
    .addHelpText(
      'after',
      `
The service starts the server with these options. On Linux it is a user service
that also runs while you are logged out (loginctl enable-linger). The unit is
that of llamactl serve --print-unit. The macOS service has not been tested.

Examples:
  llamactl service install
  llamactl service install --port 9000
  sudo llamactl service install --system`,
    )
    .action(
      commandLine.local<ServiceFlags>(async (terminal, { flags }, self) => {
        refuseServer(self);
        const { installService } = await import('../service/service-install.ts');
        const control = await controlOf(commandLine, flags);
        const { isChanged, notes } = await installService(commandLine.surroundings, terminal, control, {
          flags,
          overrides: overridesOf(flags),
        });
        const state = await control.state();
        if (terminal.isJson) return terminal.printJson({ changed: isChanged, ...shown(control, state) });
        if (terminal.isQuiet) return terminal.print(control.file.path);
        terminal.print(isChanged ? `installed ${control.file.path}` : `${control.file.path} is installed already`);
        printState(terminal, control, state);
        for (const note of notes) terminal.note(note);
      }),
    );
}

function uninstallCommand(commandLine: CommandLine): Command {
  return new Command('uninstall')
    .description('Stop and remove the service. Data and engines stay.')
    .option(...SYSTEM)
    .addHelpText(
      'after',
      `
Examples:
  llamactl service uninstall
  sudo llamactl service uninstall --system`,
    )
    .action(
      commandLine.local<ServiceFlags>(async (terminal, { flags }, self) => {
        refuseServer(self);
        const control = await controlOf(commandLine, flags);
        const { path } = control.file;
        const isInstalled = control.file.isInstalled;
        if (isInstalled) {
          await control.assertUsable();
          await control.remove();
        }
        if (terminal.isJson) return terminal.printJson({ removed: isInstalled, file: path });
        if (!isInstalled) return terminal.note(`no service is installed: ${path} does not exist`);
        terminal.print(`removed ${path}`);
        terminal.note('data and models stay, and engines keep running until a server stops them');
      }),
    );
}

function statusCommand(commandLine: CommandLine): Command {
  return new Command('status')
    .description('Show whether the service is installed and runs. Exits with 5 if it does not run.')
    .option(...SYSTEM)
    .addHelpText(
      'after',
      `
Examples:
  llamactl service status
  llamactl service status --system --json`,
    )
    .action(
      commandLine.local<ServiceFlags>(async (terminal, { flags }, self) => {
        refuseServer(self);
        const control = await controlOf(commandLine, flags);
        const state = control.file.isInstalled ? await control.state() : null;
        if (state?.isActive !== true) commandLine.endWith(EXIT.unreachable);
        if (terminal.isJson) return terminal.printJson(shown(control, state));
        if (terminal.isQuiet) return terminal.print(activityOf(state));
        if (state !== null) return printState(terminal, control, state);
        terminal.print(`not installed: ${control.file.path} does not exist`);
        terminal.note('to install it: llamactl service install');
      }),
    );
}

async function controlOf(commandLine: CommandLine, { system = false, dataDir }: ServiceFlags): Promise<ServiceControl> {
  const [{ ownService }, { createInspection }] = await Promise.all([
    import('../service/own-service.ts'),
    import('@llamactl/server/main'),
  ]);
  const { runTool } = createInspection(dataDir ?? commandLine.surroundings.home);
  return ownService(commandLine.surroundings, { isMachines: system, runTool });
}

function activityOf(state: ServiceState | null): string {
  if (state === null) return 'not installed';
  return state.isActive ? 'running' : 'not running';
}

/** @param state `null`: not installed. */
function shown({ manager, file }: ServiceControl, state: ServiceState | null): Record<string, unknown> {
  const { isEnabled = false, isActive = false, pid = null, message = null, lingers = null } = state ?? {};
  return {
    manager,
    file: file.path,
    installed: state !== null,
    enabled: isEnabled,
    running: isActive,
    pid,
    message,
    lingers,
  };
}

function printState(terminal: Terminal, control: ServiceControl, state: ServiceState): void {
  const { isEnabled, pid, message, lingers } = state;
  const rows: [title: string, text: string][] = [
    ['service', `${activityOf(state)}${pid === null ? '' : ` (process ${pid})`}`],
    ...(message === null ? [] : [['server', message] satisfies [string, string]]),
    ['starts', starts(isEnabled, lingers)],
    ['file', control.file.path],
    ['log', control.logCommand],
  ];
  for (const [title, text] of rows) terminal.print(`${terminal.style.faint(title.padEnd(8))} ${text}`);
}

function starts(isEnabled: boolean, lingers: boolean | null): string {
  if (!isEnabled) return 'only by hand';
  return lingers === false ? 'at your log-in' : 'with the machine';
}
