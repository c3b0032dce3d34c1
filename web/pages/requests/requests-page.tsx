import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useWords } from '../../lib/language.ts';
import { requestsWords } from '../../words/requests.ts';
import { CourseLegend } from './course-bar.tsx';
import { useCallers } from './callers.ts';
import { RequestFilters } from './request-filters.tsx';
import { RequestGrid } from './request-grid.tsx';
import { useRequests } from './request-list.ts';
import { isFiltered, type RequestsSearch } from './requests-search.ts';

/** Requests in flight, and those that are over, with the time that each part took. */
export function RequestsPage() {
  const words = useWords(requestsWords);
  const search = useSearch({ from: '/requests' });
  const navigate = useNavigate({ from: '/requests' });
  const { instance, caller, outcome, slower } = search;
  const filters = useMemo(() => ({ instance, caller, outcome, slower }), [instance, caller, outcome, slower]);
  const seen = useRequests(filters);
  const callers = useCallers(seen.requests ?? [], caller);
  return (
    <>
      <PageHeader
        title={words.title}
        note={seen.requests === null ? undefined : words.summary(seen.active)}
        actions={<RequestFilters search={search} callers={callers} />}
      />
      {seen.error !== null && <ErrorState error={seen.error} onRetry={seen.retry} />}
      {seen.requests === null && seen.error === null && <SkeletonRows />}
      {seen.requests !== null && (
        <RequestGrid
          requests={seen.requests}
          open={search.open}
          onOpen={(open) => void navigate({ search: { ...search, open }, replace: true })}
          empty={<NoRequests search={search} />}
        />
      )}
      <footer className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line px-4 py-1 wide:px-6">
        <CourseLegend />
        <span className="text-label text-mute">{words.notKept}</span>
        {seen.loadOlder !== null && (
          <Button size="small" className="ml-auto" isPending={seen.isLoadingOlder} onClick={seen.loadOlder}>
            {words.older}
          </Button>
        )}
      </footer>
    </>
  );
}

function NoRequests({ search }: { search: RequestsSearch }) {
  const words = useWords(requestsWords);
  const navigate = useNavigate({ from: '/requests' });
  if (!isFiltered(search))
    return (
      <EmptyState icon="requests" title={words.none}>
        {words.noneHint}
      </EmptyState>
    );
  return (
    <EmptyState
      icon="filter"
      title={words.noMatch}
      action={<Button onClick={() => void navigate({ search: {}, replace: true })}>{words.clearFilters}</Button>}
    />
  );
}
