import { QueryClient, queryOptions } from '@tanstack/react-query';
import type { Client } from '@llamactl/client';

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

/** The server, the machine and its GPUs. */
export const systemStatusQuery = (client: Client) =>
  queryOptions({ queryKey: ['system', 'status'], queryFn: ({ signal }) => client.getSystemStatus({ signal }) });
