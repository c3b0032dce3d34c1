import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { IconButton } from '../../components/icon-button.tsx';
import { Select } from '../../components/select.tsx';
import { useWords } from '../../lib/language.ts';
import { useRowNames } from '../../lib/live/live-hooks.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { requestsWords } from '../../words/requests.ts';
import type { CallerChoice } from './callers.ts';
import { isFiltered, OUTCOMES, type RequestsSearch } from './requests-search.ts';

const ALL = '*';
/** Seconds to choose from. */
const SLOW = [1, 5, 10, 30, 60];

interface FiltersProps {
  search: RequestsSearch;
  callers: readonly CallerChoice[];
}

/** The filters of the list. On a narrow screen they are behind a button. */
export function RequestFilters({ search, callers }: FiltersProps) {
  const words = useWords(requestsWords);
  const isWide = useMedia(WIDE);
  const [isOpen, setOpen] = useState(false);
  if (isWide) return <Filters {...{ search, callers }} />;
  return (
    <>
      <IconButton icon="filter" label={words.filters} aria-pressed={isFiltered(search)} onClick={() => setOpen(true)} />
      {isOpen && (
        <Dialog title={words.filters} onClose={() => setOpen(false)}>
          <div className="flex flex-col gap-4">
            <Filters {...{ search, callers }} hasLabels />
          </div>
        </Dialog>
      )}
    </>
  );
}

function Filters({ search, callers, hasLabels = false }: FiltersProps & { hasLabels?: boolean }) {
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
      <Select
        label={words.instance}
        isLabelHidden={!hasLabels}
        value={search.instance ?? ALL}
        choices={[{ value: ALL, label: words.allInstances }, ...instances.map((value) => ({ value, label: value }))]}
        onChoose={(instance) => change({ instance: instance === ALL ? undefined : instance })}
        className="max-w-56"
      />
      {callers.length > 0 && (
        <Select
          label={words.callerFilter}
          isLabelHidden={!hasLabels}
          value={search.caller ?? ALL}
          choices={[{ value: ALL, label: words.allCallers }, ...callers.map(({ id, label }) => ({ value: id, label }))]}
          onChoose={(caller) => change({ caller: caller === ALL ? undefined : caller })}
          className="max-w-56"
        />
      )}
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
