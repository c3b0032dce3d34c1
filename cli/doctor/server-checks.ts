import type { Client, InstanceSummary, SystemInfo } from '@llamactl/client';
import { reasonOf } from '@llamactl/contract/reason';
import type { ServerAddress } from '../server/server-address.ts';
import type { BlockedInstance, Finding } from '@llamactl/server/main';
import { doubtful, well, wrong } from './finding.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { silenceRemedies } from '../server/silent-server.ts';

/** Clock difference in seconds that makes log-ins and logs confusing. */
const FAR_APART = 30;
const TIMEOUT = 5;
const MOST_ASKED = 20;

/** The findings about a server. */
export interface ServerFindings {
  findings: Finding[];
  /** Ports of its instances on this machine. */
  ports: ReadonlySet<number>;
}

export interface ServerCheck {
  client: Client;
  address: ServerAddress;
  /** The process that holds the data directory of the server; `null`: unknown, or on another machine. */
  pid: number | null;
  /** The version of this program. */
  version: string;
  /** Milliseconds since the epoch. */
  now: () => number;
  signal: AbortSignal;
}

/** Checks the server that commands would use. A missing server is an error only if the command line names one. */
export async function checkServer({
  client,
  address,
  pid,
  version,
  now,
  signal,
}: ServerCheck): Promise<ServerFindings> {
  const [{ ConnectionError, LlamactlError, TimeoutError }, { brokenModelFindings, stateFindings }] = await Promise.all([
    import('@llamactl/client'),
    import('@llamactl/server/main'),
  ]);
  const call = { signal, timeout: TIMEOUT };
  const check = 'server';
  const where = `${client.url} (from ${address.source})`;
  try {
    // A missing server is reported at once. One that limits requests is asked again.
    const { body, headers } = await client
      .request<SystemInfo>('GET', '/api/system/info', { ...call, retries: 0 })
      .catch((error: unknown) => {
        if (!(error instanceof LlamactlError) || error.status !== 429) throw error;
        return client.request<SystemInfo>('GET', '/api/system/info', call);
      });
    const [alerts, instances, { models }] = await Promise.all([
      client.getSystemAlerts(call),
      client.listInstances(call),
      client.listModels(call),
    ]);
    return {
      findings: [
        versions(where, body.version, version),
        ...clocks(headers.get('date'), now()),
        ...stateFindings(alerts, await blockedInstances(client, instances, call), models),
        ...brokenModelFindings(models),
      ],
      ports: isOwnAddress(client.url) ? portsOf(instances) : new Set(),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const nothing = { ports: new Set<number>() };
    if (error instanceof LlamactlError && (error.status === 401 || error.status === 403)) {
      const message = `${where} answers, but refuses access: ${error.message}`;
      return { ...nothing, findings: [doubtful(check, message, 'Log in with llamactl login, or set LLAMACTL_TOKEN')] };
    }
    if (error instanceof LlamactlError && error.status === 429)
      return { ...nothing, findings: [doubtful(check, `${where} answers, but limits requests: ${error.message}`)] };
    if (!(error instanceof ConnectionError))
      return { ...nothing, findings: [wrong(check, `${where}: ${reasonOf(error)}`)] };
    if (error instanceof TimeoutError) {
      const message = `${where} did not answer within ${TIMEOUT} s`;
      if (pid === null) return { ...nothing, findings: [wrong(check, message)] };
      return { ...nothing, findings: [wrong(check, `${message}; it is process ${pid}`, ...silenceRemedies(pid))] };
    }
    const isNamed = address.context !== null || address.source === '--url' || address.source === 'LLAMACTL_URL';
    // A context of this machine follows the data directory, so its address is right whenever the server runs.
    const isOwn = !isNamed || (address.context !== null && address.dataDirectory !== null);
    const remedy = isOwn ? 'To start one: llamactl up' : 'Check that it is running and that the address is right';
    return { ...nothing, findings: [(isNamed ? wrong : doubtful)(check, `no server answers at ${where}`, remedy)] };
  }
}

type Call = { signal: AbortSignal; timeout: number };

/**
 * Instances that could not be started now, or again, each with the obstacle. Asks about few: each takes a request, of which a
 * minute allows a hundred.
 */
async function blockedInstances(
  client: Client,
  instances: readonly InstanceSummary[],
  call: Call,
): Promise<BlockedInstance[]> {
  const { examined } = await import('@llamactl/server/main');
  const blocked = await Promise.all(
    examined(instances)
      .slice(0, MOST_ASKED)
      .map(async (instance): Promise<BlockedInstance[]> => {
        const { start_obstacle: obstacle } = await client.getInstanceHealth(instance.name, call);
        return obstacle === undefined ? [] : [{ ...instance, obstacle }];
      }),
  );
  return blocked.flat();
}

function versions(where: string, theirs: string, ours: string): Finding {
  if (theirs === ours) return well('server', `${where} answers, version ${theirs}`);
  return doubtful(
    'server',
    `${where} is version ${theirs}, but this program is version ${ours}`,
    'After an update, reload or restart the server (engines keep running); otherwise update the older one',
  );
}

function clocks(date: string | null, now: number): Finding[] {
  const theirs = Date.parse(date ?? '');
  const apart = Math.round(Math.abs(theirs - now) / 1_000);
  if (Number.isNaN(apart) || apart <= FAR_APART) return [];
  const message = `the clocks of the server and this machine differ by ${apart} s`;
  return [doubtful('clock', message, 'Synchronise both over the network: timedatectl set-ntp true')];
}

function portsOf(instances: readonly InstanceSummary[]): ReadonlySet<number> {
  return new Set(instances.map(({ port }) => port));
}
