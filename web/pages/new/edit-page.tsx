import { useQuery } from '@tanstack/react-query';
import { useParams, useSearch } from '@tanstack/react-router';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { newWords } from '../../words/new.ts';
import { editDraftName } from './draft.ts';
import { Editor } from './editor.tsx';
import { storedSettings } from './stored-settings.ts';

/** The settings of an instance as a form. */
export function EditPage() {
  const words = useWords(newWords);
  const { name } = useParams({ from: '/instances/$name/edit' });
  const { tab = 'form', field } = useSearch({ from: '/instances/$name/edit' });
  const { client } = useApp();
  // Asked again after each event of the instance, so that a change of another window shows.
  const query = useQuery({
    queryKey: ['instances', name, 'settings'],
    queryFn: ({ signal }) => storedSettings(client, name, signal),
    staleTime: 0,
    gcTime: 0,
  });
  return (
    <QueryPart query={query} skeleton={<PageHeader title={words.editTitle(name)} />}>
      {(stored) => (
        <Editor
          key={name}
          name={name}
          draftName={editDraftName(name)}
          initial={{ base: stored.document, etag: stored.etag, document: stored.document }}
          newest={stored}
          tab={tab}
          field={field}
        />
      )}
    </QueryPart>
  );
}
