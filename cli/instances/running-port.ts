import type { Instance } from '@llamactl/client';

/** The port of the running process, which may differ from the settings until the next restart. */
export function runningPort({
  pid,
  port,
  restart_required: isBehind,
  effective_command: command,
}: Pick<Instance, 'pid' | 'port' | 'restart_required' | 'effective_command'>): number {
  if (pid === null || !isBehind) return port;
  const said = Number(command[command.indexOf('--port') + 1]);
  return Number.isInteger(said) && said > 0 ? said : port;
}
