import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { memoryText } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/code-block.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { PageBody, PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { enginesQuery, modelsQuery, startersQuery } from '../../lib/queries.ts';
import { firstRunWords } from '../../words/first-run.ts';
import { DiskPanel } from './disk-panel.tsx';
import { useFirstInstance } from './first-instance.ts';
import { StarterPanel } from './starter-panel.tsx';
import { chosenStarters, usableModels } from './starter-choice.ts';

/** The page of a server without instances: from nothing to a chat in few steps. */
export function FirstRun() {
  const words = useWords(firstRunWords);
  const isAdmin = useMay('admin');
  const { client } = useApp();
  const first = useFirstInstance();
  const starters = useQuery(startersQuery(client));
  const models = useQuery(modelsQuery(client));
  if (!isAdmin) {
    return (
      <>
        <PageHeader title={words.title} />
        <EmptyState icon="instances" title={words.heading}>
          {words.notAdmin}
        </EmptyState>
      </>
    );
  }
  const memory = starters.data?.memory;
  const hasReady = usableModels(models.data?.models ?? []).length > 0;
  return (
    <>
      <PageHeader title={words.title} heading={words.heading} actions={<EngineMark />} />
      <PageBody>
        <p className="mb-4 max-w-2xl text-mute">
          {words.note}
          {memory !== undefined && ` ${words.memory(memory.name, memoryText(memory.total))}.`}
        </p>
        <EngineMissing />
        <div className="grid grid-cols-1 gap-4 wide:grid-cols-2 broad:grid-cols-3">
          {chosenStarters(starters.data?.starters ?? []).map((starter) => (
            <StarterPanel key={starter.name} starter={starter} first={first} isPrimary={!hasReady} />
          ))}
          <DiskPanel first={first} />
        </div>
        <p className="mt-4">
          <Link to="/new" className="text-accent hover:underline">
            {words.others}
          </Link>
        </p>
      </PageBody>
    </>
  );
}

function useLlamaServer() {
  const { client } = useApp();
  const query = useQuery(enginesQuery(client));
  return { query, engine: query.data?.find(({ id }) => id === 'llama_cpp') };
}

function EngineMark() {
  const words = useWords(firstRunWords);
  const { engine } = useLlamaServer();
  // The panel below says that it is missing, and what helps.
  if (engine === undefined || engine.program === null) return null;
  const { version } = engine;
  return <VerdictMark verdict="ok">{words.engineFound(version?.split(' ')[0] ?? '')}</VerdictMark>;
}

function EngineMissing() {
  const words = useWords(firstRunWords);
  const { engine, query } = useLlamaServer();
  if (engine === undefined || engine.program !== null) return null;
  return (
    <div className="mb-4 max-w-2xl">
      <Panel
        title={words.engineMissing}
        actions={
          <Button size="small" icon="refresh" isPending={query.isFetching} onClick={() => void query.refetch()}>
            {words.lookAgain}
          </Button>
        }
      >
        <p className="mb-2">{words.engineMissingText}</p>
        <CodeBlock code="llamactl quickstart" label={words.engineMissingText} />
        {engine.problem !== null && <p className="mt-2 text-mute">{engine.problem}</p>}
      </Panel>
    </div>
  );
}
