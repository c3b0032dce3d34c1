import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { FoundModel, Starter } from '@llamactl/client';
import { useState, type FormEvent } from 'react';
import { bytes, memoryText, number } from '../../lib/figures.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { startersQuery } from '../../lib/queries.ts';
import { modelsWords } from '../../words/models.ts';
import { DownloadButton, FIT_VERDICTS } from './download-button.tsx';
import type { ModelsSearch } from './models-search.ts';
import { QuantPanel } from './quant-panel.tsx';

/** A reference names one repository; everything else is searched for. */
const REFERENCE = /^(?:https?:\/\/|[a-z]+:)?[\w.-]+\/[\w./:-]+$/i;

/** Finds a model of a hub and downloads it. */
export function GetModel({ search }: { search: ModelsSearch }) {
  const words = useWords(modelsWords);
  const navigate = useNavigate({ from: '/models' });
  const [text, setText] = useState(search.repo ?? search.q ?? '');
  const submitted = (event: FormEvent): void => {
    event.preventDefault();
    const wanted = text.trim();
    const found = REFERENCE.test(wanted) || /^(?:ollama|ms|docker|https?):/.test(wanted);
    void navigate({
      search: { tab: 'get', ...(wanted === '' ? {} : found ? { repo: wanted } : { q: wanted }) },
    });
  };
  return (
    <PageBody>
      <div className="flex max-w-5xl flex-col gap-4 py-4">
        <form onSubmit={submitted} className="flex flex-wrap items-end gap-2">
          <TextField
            label={words.hubSearch}
            type="search"
            value={text}
            className="grow basis-72"
            onChange={({ target }) => {
              setText(target.value);
              // An emptied field is no search: the suggestions come again, also after one that failed.
              if (target.value === '') void navigate({ search: { tab: 'get' } });
            }}
          />
          <Button type="submit" kind="primary" icon="search">
            {words.hubSearchButton}
          </Button>
        </form>
        <p className="text-mute">{words.ownFiles}</p>
        {search.repo !== undefined && <QuantPanel key={search.repo} repo={search.repo} />}
        {search.repo === undefined && search.q !== undefined && <Hits q={search.q} />}
        {search.repo === undefined && search.q === undefined && <Starters />}
      </div>
    </PageBody>
  );
}

function Hits({ q }: { q: string }) {
  const words = useWords(modelsWords);
  const { client } = useApp();
  const query = useQuery({
    queryKey: ['hub search', q],
    queryFn: ({ signal }) => client.searchModels(q, { signal }),
    staleTime: 300_000,
  });
  return (
    <QueryPart query={query}>
      {({ models, hub }) =>
        models.length === 0 ? (
          <EmptyState icon="search" title={words.noHit} />
        ) : (
          <>
            <p className="text-mute">{words.hubHint(hub)}</p>
            <ul className="divide-y divide-line rounded-panel border border-line">
              {models.map((model) => (
                <Hit key={model.reference} model={model} />
              ))}
            </ul>
          </>
        )
      }
    </QueryPart>
  );
}

function Hit({ model }: { model: FoundModel }) {
  const words = useWords(modelsWords);
  const navigate = useNavigate({ from: '/models' });
  const { reference, downloads, likes, license, gated, purpose } = model;
  const facts = [
    purpose,
    downloads === null ? null : words.downloads(number(downloads)),
    likes === null ? null : words.likes(number(likes)),
    license === null ? null : words.licence(license),
  ].filter((fact) => fact !== null);
  return (
    <li className="flex items-center gap-3 px-4 py-2">
      <div className="min-w-0 grow">
        <p className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 truncate font-strong" title={reference}>
            {reference}
          </span>
          {gated && <Badge colour="warn">{words.gated}</Badge>}
        </p>
        <p className="figures truncate text-mute">{facts.join(' · ')}</p>
      </div>
      <Button size="small" onClick={() => void navigate({ search: { tab: 'get', repo: reference } })}>
        {words.choose}
      </Button>
    </li>
  );
}

function Starters() {
  const words = useWords(modelsWords);
  const { client } = useApp();
  const query = useQuery(startersQuery(client));
  return (
    <QueryPart query={query}>
      {({ memory, starters }) => (
        <section className="flex flex-col gap-3">
          <div>
            <h2 className="text-section font-strong">{words.starters}</h2>
            <p className="text-mute">
              {words.startersFor(
                `${memory.name === 'memory' ? words.mainMemory : memory.name}, ${memoryText(memory.total)}`,
              )}
            </p>
          </div>
          <div className="grid gap-3 wide:grid-cols-2">
            {firstOfEach(starters)
              .filter(({ fits }) => fits !== 'no')
              .map((starter) => (
                <StarterCard key={starter.reference} starter={starter} />
              ))}
          </div>
        </section>
      )}
    </QueryPart>
  );
}

/** Starters of several sizes of machines may name the same model. */
function firstOfEach(starters: readonly Starter[]): readonly Starter[] {
  return [...new Map(starters.toReversed().map((starter) => [starter.reference, starter])).values()].toReversed();
}

function StarterCard({ starter }: { starter: Starter }) {
  const words = useWords(modelsWords);
  const { name, purpose, reference, size, reason, fits } = starter;
  return (
    <article className="flex flex-col gap-2 rounded-panel border border-line p-4">
      <div className="flex items-start justify-between gap-2">
        <h3 className="min-w-0 truncate font-strong" title={reference}>
          {name}
        </h3>
        <Badge>{words.purposes[purpose]}</Badge>
      </div>
      <code className="break-all text-mute">{reference}</code>
      <p className="grow text-mute">{reason}</p>
      <div className="flex flex-wrap items-center gap-3">
        <span className="figures">{bytes(size)}</span>
        <VerdictMark verdict={FIT_VERDICTS[fits]}>{words.fit[fits]}</VerdictMark>
        <span className="ml-auto">
          <DownloadButton reference={reference}>{words.download}</DownloadButton>
        </span>
      </div>
    </article>
  );
}
