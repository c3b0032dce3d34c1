import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { ErrorState } from './error-state.tsx';
import { SkeletonRows } from './skeleton.tsx';

interface QueryPartProps<Data> {
  query: UseQueryResult<Data>;
  /** In the layout of the content; default some rows. */
  skeleton?: ReactNode;
  children: (data: Data) => ReactNode;
}

/** The part of a page that one request feeds: its skeleton, its error, or its content. Old data stays during an error. */
export function QueryPart<Data>({ query, skeleton = <SkeletonRows />, children }: QueryPartProps<Data>) {
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return skeleton;
}
