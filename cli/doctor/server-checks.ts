import type { Alert, Client, InstanceSummary, SystemInfo } from '@llamactl/client';
import type { ServerAddress } from '../server-address.ts';
import { doubtful, well, wrong, type Finding } from './finding.ts';
import { isOwnAddress } from '../own-address.ts';
import { reasonOf } from '../reason.ts';

/** Clock difference in seconds that makes log-ins and logs confusing. */
const FAR_APART = 30;
const TIMEOUT = 5;

/** The findings about a server. */
export interface ServerFindings {
  findings: Finding[];
  /** Ports of its instances on this machine. */
  ports: ReadonlySet<number>;
}

export interface ServerCheck {
  client: Client;
  address: ServerAddress;
  /** The version of this program. */
  version: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  signal: AbortSignal;
}

/** Checks the server that commands would use. A missing server is an error only if the command line names one. */
export async function checkServer({ client, address, version, now, signal }: ServerCheck): Promise<ServerFindings> {
  const { ConnectionError, LlamactlError } = await import('@llamactl/client');
  const call = { signal, timeout: TIMEOUT, retries: 0 };
  const check = 'server';
  const where = `${client.url} (from ${address.source})`;
  try {
    const { body, headers } = await client.request<SystemInfo>('GET', '/api/system/info', call);
    const [alerts, instances] = await Promise.all([client.getSystemAlerts(call), client.listInstances(call)]);
    return {
      findings: [
        versions(where, body.version, version),
        ...clocks(headers.get('date'), now()),
        ...alerts.map(alertFinding),
        ...alertsAbsent(alerts),
      ],
      ports: isOwnAddress(client.url) ? portsOf(instances) : new Set(),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const nothing = { ports: new Set<number>() };
    if (error instanceof LlamactlError && (error.status === 401 || error.status === 403)) {
      const message = `${where} answers, and does not let us in: ${error.message}`;
      return { ...nothing, findings: [doubtful(check, message, 'llamactl login, or LLAMACTL_TOKEN')] };
    }
    if (error instanceof LlamactlError && error.status === 429)
      return { ...nothing, findings: [doubtful(check, `${where} answers, but not to all of it: ${error.message}`)] };
    if (!(error instanceof ConnectionError))
      return { ...nothing, findings: [wrong(check, `${where}: ${reasonOf(error)}`)] };
    const isNamed = address.context !== null || address.source === '--url' || address.source === 'LLAMACTL_URL';
    const remedy = isNamed ? 'is it up, and is the address right?' : 'llamactl serve starts one';
    return { ...nothing, findings: [(isNamed ? wrong : doubtful)(check, `no server answers at ${where}`, remedy)] };
  }
}

function versions(where: string, theirs: string, ours: string): Finding {
  if (theirs === ours) return well('server', `${where} answers, version ${theirs}`);
  return doubtful(
    'server',
    `${where} is version ${theirs}, and this program ${ours}`,
    'restart the server after an update (engines go on running), or update the older one',
  );
}

function clocks(date: string | null, now: number): Finding[] {
  const theirs = Date.parse(date ?? '');
  const apart = Math.round(Math.abs(theirs - now) / 1_000);
  if (Number.isNaN(apart) || apart <= FAR_APART) return [];
  const message = `the server's clock and ours are ${apart} s apart`;
  return [doubtful('clock', message, 'set both by the network: timedatectl set-ntp true')];
}

function alertFinding({ level, message, code, instance }: Alert): Finding {
  const remedies = instance === undefined ? [] : [`llamactl why ${instance}`];
  return (level === 'error' ? wrong : doubtful)('alert', `${message} (${code})`, ...remedies);
}

function alertsAbsent(alerts: readonly Alert[]): Finding[] {
  return alerts.length === 0 ? [well('alerts', 'none')] : [];
}

function portsOf(instances: readonly InstanceSummary[]): ReadonlySet<number> {
  return new Set(instances.map(({ port }) => port));
}
