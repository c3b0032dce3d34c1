import { queryOptions } from '@tanstack/react-query';
import type { Client } from '@llamactl/client';
import type { Row } from '../../lib/live/row-store.ts';

type Running = Pick<Row, 'status' | 'model_path' | 'model_info'>;

/** Why an instance does not run well. Asked again when its status changes, or the library loses its model file. */
export const whyQuery = (client: Client, row: Running & Pick<Row, 'name' | 'waits_for'>) => {
  const { name, status, waits_for: others } = row;
  return queryOptions({
    queryKey: ['instances', name, 'why', status, mayLackFile(row), others.join(' ')],
    queryFn: ({ signal }) => client.getInstanceWhy(name, { signal }),
  });
};

/** Whether an instance runs with a model file that the library does not have: the file may be gone. */
export function mayLackFile({ status, model_path: file, model_info: info }: Running): boolean {
  return status === 'running' && file !== undefined && (info === null || info.size === 0);
}
