import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Select } from '../../components/select.tsx';
import { useWords } from '../../lib/language.ts';
import { useRowNames } from '../../lib/live/live-hooks.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { requestsWords } from '../../words/requests.ts';
import { isFiltered, OUTCOMES, type RequestsSearch } from './requests-search.ts';

const ALL = '*';
/** Seconds to choose from. */
const SLOW = [1, 5, 10, 30, 60];

/** The filters of the list. On a narrow screen they are behind a button. */
export function RequestFilters({ search }: { search: RequestsSearch }) {
  const words = useWords(requestsWords);
  const isWide = useMedia(WIDE);
  const [isOpen, setOpen] = useState(false);
  if (isWide) return <Filters search={search} />;
  return (
    <>
      <IconButton icon="filter" label={words.filters} aria-pressed={isFiltered(search)} onClick={() => setOpen(true)} />
      {isOpen && (
        <Dialog title={words.filters} onClose={() => setOpen(false)}>
          <div className="flex flex-col gap-4">
            <Filters search={search} hasLabels />
          </div>
        </Dialog>
      )}
    </>
  );
}

function Filters({ search, hasLabels = false }: { search: RequestsSearch; hasLabels?: boolean }) {
  const words = useWords(requestsWords);
  const navigate = useNavigate({ from: '/requests' });
  const names = useRowNames() ?? [];
  const change = (changes: Partial<RequestsSearch>): void =>
    void navigate({ search: { ...search, ...changes }, replace: true });
  // A link may name an instance that is gone, or any number of seconds.
  const instances =
    search.instance === undefined || names.includes(search.instance) ? names : [search.instance, ...names];
  const slow = search.slower === undefined || SLOW.includes(search.slower) ? SLOW : [search.slower, ...SLOW];
  return (
    <>
      {search.caller !== undefined && (
        <Button size="small" icon="cross" onClick={() => change({ caller: undefined })}>
          {words.callerFilter(search.caller)}
        </Button>
      )}
      <Select
        label={words.instance}
        isLabelHidden={!hasLabels}
        value={search.instance ?? ALL}
        choices={[{ value: ALL, label: words.allInstances }, ...instances.map((value) => ({ value, label: value }))]}
        onChoose={(instance) => change({ instance: instance === ALL ? undefined : instance })}
        className="max-w-56"
      />
      <Select
        label={words.outcome}
        isLabelHidden={!hasLabels}
        value={search.outcome ?? ALL}
        choices={[
          { value: ALL, label: words.allOutcomes },
          ...OUTCOMES.map((value) => ({ value, label: words.outcomes[value] })),
        ]}
        onChoose={(outcome) => change({ outcome: outcome === ALL ? undefined : outcome })}
      />
      <Select
        label={words.slower}
        isLabelHidden={!hasLabels}
        value={search.slower === undefined ? ALL : String(search.slower)}
        choices={[
          { value: ALL, label: words.anyDuration },
          ...slow.map((seconds) => ({ value: String(seconds), label: words.slowerThan(seconds) })),
        ]}
        onChoose={(seconds) => change({ slower: seconds === ALL ? undefined : Number(seconds) })}
      />
    </>
  );
}
