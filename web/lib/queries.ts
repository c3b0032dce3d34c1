import { QueryClient, queryOptions } from '@tanstack/react-query';
import type { Client, EstimateRequest, UsageGroup } from '@llamactl/client';

/** Makes the cache of answers. The client itself retries, and events say when an answer is old. */
export function queryCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: false,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        staleTime: 10_000,
        networkMode: 'always',
      },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
}

/** An instance with all its fields. The key begins with `instances`, its name. */
export const instanceQuery = (client: Client, name: string) =>
  queryOptions({ queryKey: ['instances', name], queryFn: ({ signal }) => client.getInstance(name, { signal }) });

/** The server, the machine and its GPUs. The live figures of the machine are `useResources`. */
export const systemStatusQuery = (client: Client) =>
  queryOptions({ queryKey: ['system', 'status'], queryFn: ({ signal }) => client.getSystemStatus({ signal }) });

/** The machine, and the version of llamactl. */
export const systemInfoQuery = (client: Client) =>
  queryOptions({ queryKey: ['system', 'info'], queryFn: ({ signal }) => client.getSystemInfo({ signal }) });

/** The engines that instances can use. */
export const enginesQuery = (client: Client) =>
  queryOptions({ queryKey: ['engines'], queryFn: ({ signal }) => client.listEngines({ signal }) });

/** The configuration as it is written, with the source of each value. For administrators. */
export const configQuery = (client: Client) =>
  queryOptions({ queryKey: ['config'], queryFn: ({ signal }) => client.getConfig({ signal }) });

/** The own keys; for administrators, all keys. */
export const keysQuery = (client: Client) =>
  queryOptions({ queryKey: ['keys'], queryFn: ({ signal }) => client.listKeys({ signal }) });

/** All accounts. For administrators. */
export const usersQuery = (client: Client) =>
  queryOptions({ queryKey: ['users'], queryFn: ({ signal }) => client.listUsers({ signal }) });

/** Milliseconds between two requests for the models while the server looks for them. */
const SCAN_POLL_MS = 2_000;

/** The models of this machine. */
export const modelsQuery = (client: Client) =>
  queryOptions({
    queryKey: ['models'],
    queryFn: ({ signal }) => client.listModels({ signal }),
    // Only a scan with news is announced.
    refetchInterval: ({ state }) => (state.data?.scanning === true ? SCAN_POLL_MS : false),
  });

/** Models to begin with, and the largest memory of the machine. */
export const startersQuery = (client: Client) =>
  queryOptions({ queryKey: ['models', 'starters'], queryFn: ({ signal }) => client.listStarters({ signal }) });

/** Requests and tokens of the last time by key, account or instance. */
export const usageQuery = (client: Client, by: UsageGroup, window: string) =>
  queryOptions({
    queryKey: ['usage', by, window],
    queryFn: ({ signal }) => client.getUsage({ by, window, signal }),
  });

/** The memory that an engine would need now. */
export const estimateQuery = (client: Client, request: EstimateRequest) =>
  queryOptions({ queryKey: ['estimate', request], queryFn: ({ signal }) => client.estimate(request, { signal }) });

/** The options of an engine, by its help. They change only with its program. */
export const engineOptionsQuery = (client: Client, engine: string) =>
  queryOptions({
    queryKey: ['engines', engine, 'options'],
    queryFn: ({ signal }) => client.getEngineOptions(engine, { signal }),
    staleTime: 60_000,
  });
