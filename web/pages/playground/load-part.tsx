import { useEffect, useState } from 'react';
import { seconds } from '../../lib/figures.ts';
import { Banner } from '../../components/banner.tsx';
import { Button } from '../../components/button.tsx';
import { TextArea, TextField } from '../../components/field.tsx';
import { Progress } from '../../components/meter.tsx';
import { PageBody } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { Table, Td, Th, Tr } from '../../components/table.tsx';
import { useWords } from '../../lib/language.ts';
import { useNow } from '../../lib/now.ts';
import { useStored } from '../../lib/value-store.ts';
import { playgroundWords } from '../../words/playground.ts';
import { rateText } from './figures-line.tsx';
import { loadFigures, LoadRun, type LoadState, type Spread } from './load-run.ts';
import { problemSentence } from './parameter-form.tsx';
import { problemOf } from './parameters.ts';
import { MOST_STREAMS, mostStreams } from './stream-slots.ts';
import { nextFrame, useReader } from './use-answers.ts';

const MOST_ANSWERS = 1_000;
const MOST_TOKENS = 100_000;
const FIELDS = ['atOnce', 'answers', 'maxTokens'] as const;

/** Many answers at once: how quick the instance is under load. */
export function LoadPart({ instance }: { instance: string }) {
  const words = useWords(playgroundWords);
  const read = useReader();
  const [run] = useState(() => new LoadRun({ read, nextFrame, now: () => performance.now() }));
  const state = useStored(run.state);
  useEffect(() => () => run.stop(), [run]);
  const [prompt, setPrompt] = useState('Count from one to fifty in words.');
  const [fields, setFields] = useState({ atOnce: '2', answers: '8', maxTokens: '64' });
  const limits = { atOnce: mostStreams, answers: MOST_ANSWERS, maxTokens: MOST_TOKENS };
  const problem = (key: keyof typeof fields): string | null => {
    // An empty field counts as zero, which none of them may be.
    return problemSentence(problemOf({ least: 1, most: limits[key], isWhole: true }, fields[key] || '0'), words);
  };
  const isRunning = state !== null && state.ended === null;
  const canRun = prompt.trim() !== '' && FIELDS.every((key) => problem(key) === null);
  const start = (): void => {
    const body = {
      model: instance,
      messages: [{ role: 'user', content: prompt }],
      max_tokens: Number(fields.maxTokens),
      stream: true,
      stream_options: { include_usage: true },
    };
    void run.run({ body, atOnce: Number(fields.atOnce), answers: Number(fields.answers) });
  };
  return (
    <PageBody>
      <div className="mx-auto flex max-w-4xl flex-col gap-4 pt-4">
        <div className="overflow-hidden rounded-panel border border-line [&>*]:border-b-0 [&>*]:px-4">
          <Banner kind="warn">{words.loadWarning}</Banner>
        </div>
        <TextArea
          label={words.loadPrompt}
          rows={2}
          className="[&_textarea]:max-h-40"
          value={prompt}
          onChange={({ target }) => setPrompt(target.value)}
        />
        <div className="grid grid-cols-1 gap-3 wide:grid-cols-3">
          {FIELDS.map((key) => (
            <TextField
              key={key}
              label={words[key]}
              inputMode="numeric"
              value={fields[key]}
              error={problem(key)}
              onChange={({ target }) => setFields({ ...fields, [key]: target.value })}
            />
          ))}
        </div>
        {mostStreams <= MOST_STREAMS && <p className="text-mute">{words.streamLimit(mostStreams)}</p>}
        <div>
          {isRunning ? (
            <Button icon="stop" onClick={() => run.stop()}>
              {words.stop}
            </Button>
          ) : (
            <Button kind="primary" icon="start" disabled={!canRun} onClick={start}>
              {words.startTest}
            </Button>
          )}
        </div>
        {state !== null && <Result state={state} />}
      </div>
    </PageBody>
  );
}

function Result({ state }: { state: LoadState }) {
  const words = useWords(playgroundWords);
  // A quiet engine sends nothing, and the time still goes on.
  useNow();
  const { plan, figures, failures } = state;
  const { together, each, firstToken, whole } = loadFigures(state, performance.now());
  const done = figures.length + failures.length;
  const text = words.done(done, plan.answers);
  return (
    <Panel title={text}>
      <div className="flex flex-col gap-4">
        <Progress label={text} share={done / plan.answers} />
        <p className="flex items-baseline gap-2">
          <span className="figures text-page font-strong">{rateText(together)}</span>
          <span className="text-mute">{words.together}</span>
        </p>
        <Table
          label={words.parts.load}
          head={
            <>
              <Th>{words.measure}</Th>
              <Th isNumber>{words.median}</Th>
              <Th isNumber>{words.slowest}</Th>
            </>
          }
        >
          <SpreadRow name={words.firstTokenColumn} spread={firstToken} text={seconds} />
          <SpreadRow name={words.whole} spread={whole} text={seconds} />
          <SpreadRow name={words.each} spread={each} text={rateText} />
        </Table>
        {failures.length > 0 && (
          <p role="alert" className="text-bad">
            {words.failures(failures.length)}: {failures[0]}
          </p>
        )}
      </div>
    </Panel>
  );
}

function SpreadRow({ name, spread, text }: { name: string; spread: Spread; text: (value: number) => string }) {
  const shown = (value: number | null): string => (value === null ? '–' : text(value));
  return (
    <Tr>
      <Td>{name}</Td>
      <Td isNumber>{shown(spread.median)}</Td>
      <Td isNumber>{shown(spread.slowest)}</Td>
    </Tr>
  );
}
