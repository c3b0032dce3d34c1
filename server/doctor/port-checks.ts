import { phrase } from '@llamactl/contract/phrases';
import type { Inspection } from '../inspection.ts';
import { count } from '../../format/figures.ts';
import { step } from '../instances/why/step.ts';
import { byConfiguration, doubtful, withPhrases, well, wrong, type Finding } from './finding.ts';

/** Most port holders to name. */
const NAMED = 3;

/**
 * Checks that the server's port is free, or used by the server.
 *
 * @param serverPid Of the running server; `null`: none runs.
 */
export async function checkServerPort(
  port: number,
  serverPid: number | null,
  { portHolder }: Pick<Inspection, 'portHolder'>,
): Promise<Finding> {
  const check = 'port';
  const holder = await portHolder(port);
  if (holder === null) return well(check, `${port} is free for the server`, phrase('port_free', { port }));
  if (serverPid !== null && holder.pid === serverPid)
    return well(check, `${port} is used by the running server`, phrase('port_own', { port }));
  const finding = wrong(
    check,
    `port ${port} of the server is in use by ${holder.description}`,
    byConfiguration(step('choose_port_or_stop', 'Choose another, or stop that program'), 'server.port'),
  );
  return withPhrases(finding, phrase('port_foreign', { port, holder: holder.description }));
}

/**
 * Counts the free ports of the range for instances.
 *
 * @param known Ports of our instances, as a server reported them; they are no problem.
 */
export async function checkPortRange(
  [first, last]: readonly [number, number],
  known: ReadonlySet<number>,
  { listeningPorts, enginePorts, portHolder }: Pick<Inspection, 'listeningPorts' | 'enginePorts' | 'portHolder'>,
): Promise<Finding> {
  const check = 'port range';
  const size = last - first + 1;
  const listening = listeningPorts();
  if (listening === null) return well(check, `${first}–${last}; the system does not report which ports are in use`);
  // Without a log-in, the server does not report its instances, so `known` is empty.
  const own = new Set([...known, ...(await enginePorts())]);
  const foreign = [...listening].filter((port) => port >= first && port <= last && !own.has(port));
  const inUse = [...own].filter((port) => port >= first && port <= last).length;
  const left = size - foreign.length - inUse;
  const holders = await Promise.all(
    foreign
      .toSorted((a, b) => a - b)
      .slice(0, NAMED)
      .map(async (port) => `${port} ${(await portHolder(port))?.description ?? 'no process any more'}`),
  );
  const more = foreign.length > NAMED ? `, and ${foreign.length - NAMED} more` : '';
  const taken = foreign.length === 0 ? '' : `; in use by others: ${holders.join(', ')}${more}`;
  const message = `${first}–${last}: ${count(left, 'port')} left for instances${taken}`;
  const remedy = byConfiguration(step('widen', 'Widen'), 'instances.port_range');
  const others = foreign.length === 0 ? undefined : `${holders.join(', ')}${more}`;
  const data = phrase('ports_left', { first, last, count: left, holders: others });
  if (left <= 0) return withPhrases(wrong(check, message, remedy), data);
  return withPhrases(left < 5 && left < size / 2 ? doubtful(check, message, remedy) : well(check, message), data);
}
