import { Client } from '@llamactl/client';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { NotFoundState } from '../../components/error-state.tsx';
import { Icon } from '../../components/icons.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { pageFolder, serverAddress } from '../../lib/server-address.ts';
import { apiWords } from '../../words/api.ts';
import { operationsOf, type ApiDocument } from './api-document.ts';
import { ApiOverview } from './api-overview.tsx';
import { OperationList } from './operation-list.tsx';
import { foundOperations, searchedOperations } from './operation-search.ts';
import { OperationView } from './operation-view.tsx';

/** The description of the API. It is public, so it comes without the token of the tab, which a reader may not have. */
const documentQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }) => {
    const client = new Client({ url: serverAddress(location.href) });
    return (await client.request<ApiDocument>('GET', '/api/openapi.json', { signal })).body;
  },
  staleTime: Infinity,
});

/** The API reference: a view of `openapi.json`. */
export function ApiPage() {
  const words = useWords(apiWords);
  const query = useQuery(documentQuery);
  const isWide = useMedia(WIDE);
  return (
    <>
      <PageHeader
        title={words.title}
        note={isWide && query.data !== undefined && words.version(query.data.info.version)}
        actions={
          <a href="./api/openapi.json" className="flex min-h-6 items-center gap-1.5 text-accent hover:underline">
            {words.forPrograms}
            <Icon name="external" />
          </a>
        }
      />
      <QueryPart query={query}>{(document) => <Reference document={document} />}</QueryPart>
    </>
  );
}

/** List and details: side by side on a wide screen, one after the other on a narrow one. */
function Reference({ document }: { document: ApiDocument }) {
  const words = useWords(apiWords);
  const navigate = useNavigate({ from: '/api' });
  const { operation: id, q = '' } = useSearch({ from: '/api' });
  const [text, setText] = useState(q);
  const { schemas } = document.components;
  const operations = useMemo(() => operationsOf(document), [document]);
  const searched = useMemo(() => searchedOperations(operations, schemas), [operations, schemas]);
  const found = useMemo(() => foundOperations(searched, text), [searched, text]);
  const open = operations.find((operation) => operation.id === id);
  const base = pageFolder(location.href);
  const isWide = useMedia(WIDE);
  const search = (next: string): void => {
    setText(next);
    void navigate({ search: { q: next === '' ? undefined : next, operation: id }, replace: true });
  };
  return (
    <div className="flex min-h-0 grow border-t border-line">
      <div
        className={classNames(
          'relative w-full shrink-0 overflow-y-auto wide:w-88 wide:border-r wide:border-line',
          id !== undefined && 'hidden wide:block',
        )}
      >
        <OperationList operations={found} open={id} text={text} onSearch={search}>
          {!isWide && (
            <details className="mx-4 mb-2 rounded-control border border-line">
              <summary className="px-3 py-2.5 font-strong">{words.overview}</summary>
              <div className="px-3 pb-3">
                <ApiOverview document={document} base={base} />
              </div>
            </details>
          )}
        </OperationList>
      </div>
      <div
        key={id}
        className={classNames(
          'min-h-0 min-w-0 grow overflow-y-auto px-4 pb-8 wide:px-6 wide:pt-4',
          id === undefined && 'hidden wide:block',
        )}
      >
        {id !== undefined && (
          <Link
            to="/api"
            search={{ q: text === '' ? undefined : text }}
            className="mb-1 flex min-h-11 items-center gap-1 text-accent wide:hidden"
          >
            <Icon name="chevron-left" />
            {words.allRequests}
          </Link>
        )}
        {id === undefined ? (
          <ApiOverview document={document} base={base} />
        ) : open === undefined ? (
          <NotFoundState>{words.unknown(id)}</NotFoundState>
        ) : (
          <OperationView operation={open} schemas={schemas} base={base} />
        )}
      </div>
    </div>
  );
}
