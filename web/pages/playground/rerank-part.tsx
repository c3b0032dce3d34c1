import { number } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { TextArea, TextField } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { useStored } from '../../lib/value-store.ts';
import { Failure } from './answer-view.tsx';
import type { ChatDesk } from './chat-desk.ts';
import { linesOf } from './text-lines.ts';
import { turnError } from './turn-error.ts';
import { barShares } from './vector-answers.ts';
import type { RankedDocuments } from './vector-requests.ts';

/** The documents that answer a query best. */
export function RerankPart({ desk, instance }: { desk: ChatDesk; instance: string }) {
  const words = useWords(playgroundWords);
  const { draft } = desk.rerank;
  const request = desk.rerank.of(instance);
  const { query, text } = useStored(draft);
  const { isRunning, result, error } = useStored(request.state);
  const documents = linesOf(text);
  const canRun = query.trim() !== '' && documents.length > 0;
  const rank = (): void => void request.run({ query: query.trim(), documents });
  return (
    <PageBody>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canRun) rank();
        }}
        className="mx-auto flex max-w-4xl flex-col gap-4 pt-4"
      >
        <p className="text-mute">{words.rerankHint}</p>
        <TextField
          label={words.query}
          value={query}
          onChange={({ target }) => draft.set({ query: target.value, text })}
        />
        <TextArea
          label={words.documentsLabel}
          rows={5}
          className="[&_textarea]:max-h-80"
          value={text}
          onChange={({ target }) => draft.set({ query, text: target.value })}
        />
        <div>
          <Button type="submit" kind="primary" isPending={isRunning} disabled={!canRun}>
            {words.rank}
          </Button>
        </div>
        {error !== null && <Failure error={turnError(error)} instance={instance} isBusy={isRunning} onRetry={rank} />}
        {result !== null && <Ranking {...result} />}
      </form>
    </PageBody>
  );
}

function Ranking({ documents, ranking }: RankedDocuments) {
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
