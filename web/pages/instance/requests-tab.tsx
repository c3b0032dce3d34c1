import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useWords } from '../../lib/language.ts';
import { instanceWords } from '../../words/instance.ts';
import { CourseLegend } from '../requests/course-bar.tsx';
import { RequestGrid } from '../requests/request-grid.tsx';
import { useRequests } from '../requests/request-list.ts';

/** The last requests to one instance. */
export default function RequestsTab({ name }: { name: string }) {
  const words = useWords(instanceWords).requests;
  const [open, setOpen] = useState<string>();
  const { requests, error, retry } = useRequests(useMemo(() => ({ instance: name }), [name]));
  return (
    <>
      {error !== null && <ErrorState error={error} onRetry={retry} />}
      {requests === null && error === null && <SkeletonRows />}
      {requests !== null && (
        <RequestGrid
          label={words.label}
          requests={requests}
          isOfOne
          open={open}
          onOpen={setOpen}
          empty={
            <EmptyState icon="requests" title={words.none}>
              {words.noneHint}
            </EmptyState>
          }
        />
      )}
      <footer className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-1 wide:px-6">
        <CourseLegend />
        <Link
          to="/requests"
          search={{ instance: name }}
          className="ml-auto inline-flex min-h-6 items-center text-accent hover:underline"
        >
          {words.more}
        </Link>
      </footer>
    </>
  );
}
