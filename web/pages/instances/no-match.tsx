import { useNavigate } from '@tanstack/react-router';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { useWords } from '../../lib/language.ts';
import { instancesWords } from '../../words/instances.ts';

/** Filters that no instance passes. */
export function NoMatch() {
  const words = useWords(instancesWords);
  const navigate = useNavigate({ from: '/instances' });
  return (
    <EmptyState
      icon="filter"
      title={words.noMatch}
      action={
        <Button
          onClick={() => void navigate({ search: ({ sort, order, by }) => ({ sort, order, by }), replace: true })}
        >
          {words.clearFilters}
        </Button>
      }
    />
  );
}
