import { Link } from '@tanstack/react-router';
import { number } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { TextArea } from '../../components/field.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { playgroundWords } from '../../words/playground.ts';
import { useStored } from '../../lib/value-store.ts';
import { Failure } from './answer-view.tsx';
import type { ChatDesk } from './chat-desk.ts';
import { nearestPairs, similarityMatrix } from './similarity.ts';
import { linesOf } from './text-lines.ts';
import { turnError } from './turn-error.ts';

/** A larger matrix is hard to read. */
const MOST = 32;
const PAIRS = 5;
/** llama-server: “Pooling type 'none' is not OAI compatible. Please use a different pooling type”. */
const NAMES_POOLING = /pooling type/i;

/** How near the meanings of some texts are. */
export function EmbeddingsPart({ desk, instance }: { desk: ChatDesk; instance: string }) {
  const words = useWords(playgroundWords);
  const { draft } = desk.embeddings;
  const request = desk.embeddings.of(instance);
  const text = useStored(draft);
  const { isRunning, result, error } = useStored(request.state);
  const lines = linesOf(text);
  const canRun = lines.length >= 2 && lines.length <= MOST;
  const compute = (): void => void request.run(lines);
  return (
    <PageBody>
      <div className="mx-auto flex max-w-4xl flex-col gap-4 pt-4">
        <p className="text-mute">{words.embeddingsHint}</p>
        <TextArea
          label={words.textsLabel}
          hint={words.textsHint(MOST)}
          rows={5}
          className="[&_textarea]:max-h-80"
          value={text}
          onChange={({ target }) => draft.set(target.value)}
        />
        <div>
          <Button kind="primary" isPending={isRunning} disabled={!canRun} onClick={compute}>
            {words.compute}
          </Button>
        </div>
        {error !== null && (
          <Failure error={turnError(error)} instance={instance} isBusy={isRunning} onRetry={compute} />
        )}
        {error !== null && NAMES_POOLING.test(error.message) && <PoolingLink instance={instance} />}
        {result !== null && <Similarities {...result} />}
      </div>
    </PageBody>
  );
}

/** Leads to the option without which an engine has no vector for a whole text. */
function PoolingLink({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  if (!useMay('admin')) return null;
  return (
    <p>
      <Link
        to="/instances/$name/edit"
        params={{ name: instance }}
        search={{ field: 'options.pooling' }}
        className="font-strong text-accent hover:underline"
      >
        {words.setPooling}
      </Link>
    </p>
  );
}

function Similarities({ texts, vectors }: { texts: readonly string[]; vectors: readonly (readonly number[])[] }) {
  const words = useWords(playgroundWords);
  const matrix = similarityMatrix(vectors);
  return (
    <>
      <Panel title={words.nearest}>
        <ol className="flex flex-col gap-2">
          {nearestPairs(matrix, PAIRS).map(({ first, second, value }) => (
            <li key={`${first} ${second}`} className="flex items-baseline gap-3">
              <span className="figures w-10 shrink-0 font-strong">{number(value, 2)}</span>
              <span className="min-w-0 [overflow-wrap:anywhere]">
                {texts[first]}
                <span className="text-mute"> ↔ </span>
                {texts[second]}
              </span>
            </li>
          ))}
        </ol>
      </Panel>
      <Panel
        title={words.matrix}
        actions={<span className="pr-2 text-mute">{words.dimensions(texts.length, vectors[0]?.length ?? 0)}</span>}
      >
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard */}
        <div tabIndex={0} className="overflow-x-auto">
          <table className="figures border-separate border-spacing-0.5">
            <thead>
              <tr>
                <td />
                {texts.map((text, at) => (
                  // oxlint-disable-next-line react/no-array-index-key -- texts keep their places, and may be equal
                  <th key={at} scope="col" data-tip={text} className="h-7 min-w-11 text-label font-normal text-mute">
                    {at + 1}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {matrix.map((row, at) => (
                // oxlint-disable-next-line react/no-array-index-key -- texts keep their places, and may be equal
                <tr key={at}>
                  <th scope="row" className="max-w-64 min-w-32 truncate pr-3 text-left font-normal">
                    <span className="text-label text-mute">{at + 1}</span> {texts[at]}
                  </th>
                  {row.map((value, other) => (
                    <td
                      // oxlint-disable-next-line react/no-array-index-key -- texts keep their places, and may be equal
                      key={other}
                      style={{ backgroundColor: heat(value) }}
                      className="h-7 min-w-11 rounded-[3px] px-1 text-center"
                    >
                      {number(value, 2)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}

/** At most 45 percent of the accent, so that the figure on it keeps its contrast. */
function heat(value: number): string {
  return `color-mix(in srgb, var(--accent) ${Math.round(Math.max(0, value) * 45)}%, var(--canvas))`;
}
