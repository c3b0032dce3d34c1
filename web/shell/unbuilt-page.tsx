import { EmptyState } from '../components/empty-state.tsx';
import { PageHeader } from '../components/page-header.tsx';
import { useWords } from '../lib/language.ts';
import { shellWords } from '../words/shell.ts';
import { PLACES, type Place } from './places.ts';

/** A page that is not built yet. Each page that is built removes one use. */
export function UnbuiltPage({ place }: { place: Place['id'] }) {
  const words = useWords(shellWords);
  const icon = PLACES.find(({ id }) => id === place)?.icon ?? 'info';
  return (
    <>
      <PageHeader title={words.places[place]} />
      <EmptyState icon={icon} title={words.places[place]}>
        {words.unbuilt}
      </EmptyState>
    </>
  );
}
