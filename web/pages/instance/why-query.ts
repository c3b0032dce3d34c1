import { queryOptions } from '@tanstack/react-query';
import type { Client } from '@llamactl/client';
import type { Row } from '../../lib/live/row-store.ts';

/** Why an instance does not run well. Asked again when its status changes. */
export const whyQuery = (
  client: Client,
  { name, status, waits_for: others }: Pick<Row, 'name' | 'status' | 'waits_for'>,
) =>
  queryOptions({
    queryKey: ['instances', name, 'why', status, others.join(' ')],
    queryFn: ({ signal }) => client.getInstanceWhy(name, { signal }),
  });
