import { useMutation } from '@tanstack/react-query';
import { number } from '../../lib/figures.ts';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { TextArea, TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { Failure } from './answer-view.tsx';
import { linesOf } from './text-lines.ts';
import { turnError } from './turn-error.ts';
import { barShares, rankingOf, type Ranked } from './vector-answers.ts';

/** The documents that answer a query best. */
export function RerankPart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const { client } = useApp();
  const [query, setQuery] = useState('');
  const [text, setText] = useState('');
  const documents = linesOf(text);
  const canRun = query.trim() !== '' && documents.length > 0;
  const run = useMutation({
    mutationFn: async () => {
      const body = { model: instance, query: query.trim(), documents };
      const answer = await client.request('POST', '/v1/rerank', { body, retries: 0 });
      return { documents, ranking: rankingOf(answer.body) };
    },
  });
  return (
    <PageBody>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canRun) run.mutate();
        }}
        className="mx-auto flex max-w-4xl flex-col gap-4 pt-4"
      >
        <p className="text-mute">{words.rerankHint}</p>
        <TextField label={words.query} value={query} onChange={({ target }) => setQuery(target.value)} />
        <TextArea
          label={words.documentsLabel}
          rows={5}
          className="[&_textarea]:max-h-80"
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <div>
          <Button type="submit" kind="primary" isPending={run.isPending} disabled={!canRun}>
            {words.rank}
          </Button>
        </div>
        {run.isError && (
          <Failure
            error={turnError(run.error)}
            instance={instance}
            isBusy={run.isPending}
            onRetry={() => run.mutate()}
          />
        )}
        {run.data !== undefined && <Ranking {...run.data} />}
      </form>
    </PageBody>
  );
}

function Ranking({ documents, ranking }: { documents: readonly string[]; ranking: readonly Ranked[] }) {
  const words = useWords(playgroundWords);
  const shares = barShares(ranking.map(({ score }) => score));
  return (
    <Panel title={words.ranked}>
      <ol className="flex flex-col gap-3">
        {ranking.map(({ index, score }, at) => (
          <li key={index} className="flex flex-col gap-1">
            <span className="flex items-baseline justify-between gap-4">
              <span className="min-w-0 [overflow-wrap:anywhere]">{documents[index]}</span>
              <span className="figures shrink-0 font-strong">{number(score, 3)}</span>
            </span>
            <span aria-hidden="true" className="h-1.5 overflow-hidden rounded-full bg-hover">
              <span
                style={{ width: `${Math.max(1, (shares[at] ?? 0) * 100)}%` }}
                className="block h-full rounded-full bg-accent"
              />
            </span>
          </li>
        ))}
      </ol>
    </Panel>
  );
}
