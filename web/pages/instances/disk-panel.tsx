import type { Model } from '@llamactl/client';
import { useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { bytes } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { TextField } from '../../components/field.tsx';
import { Panel } from '../../components/panel.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { estimateQuery, modelsQuery } from '../../lib/queries.ts';
import { firstRunWords } from '../../words/first-run.ts';
import type { FirstInstance } from './first-instance.ts';
import { usableModels } from './starter-choice.ts';
import { StepView } from './starter-panel.tsx';

/** Most models that are listed; the page Models has all. */
const MOST = 5;
/** Most models whose fit is asked for: each is a request. */
const MOST_ESTIMATES = 2;

/** Models that are on this machine, and a field for the path of another one. */
export function DiskPanel({ first }: { first: FirstInstance }) {
  const words = useWords(firstRunWords);
  const { client } = useApp();
  const query = useQuery(modelsQuery(client));
  const usable = usableModels(query.data?.models ?? []);
  const isScanning = query.data?.scanning === true && usable.length === 0;
  return (
    <Panel title={words.onDisk}>
      <div className="flex flex-col gap-3">
        {query.isPending && <Skeleton />}
        {query.isSuccess && usable.length === 0 && (
          <p className="text-mute">{isScanning ? words.scanning : words.noneOnDisk}</p>
        )}
        {usable.slice(0, MOST).map((model, at) => (
          <FoundModel
            key={model.id}
            model={model}
            first={first}
            isEstimated={at < MOST_ESTIMATES}
            isPrimary={at === 0}
          />
        ))}
        <PathForm first={first} />
      </div>
    </Panel>
  );
}

interface FoundModelProps {
  model: Model;
  first: FirstInstance;
  isEstimated: boolean;
  isPrimary: boolean;
}

function FoundModel({ model, first, isEstimated, isPrimary }: FoundModelProps) {
  const words = useWords(firstRunWords);
  const { client } = useApp();
  const isOnline = useIsOnline();
  const estimate = useQuery({ ...estimateQuery(client, { model: model.id }), enabled: isEstimated });
  const { step } = first;
  if (step.kind !== 'idle' && step.model === model.name) return <StepView step={step} onCancel={first.cancel} />;
  return (
    <div className="flex items-center gap-2">
      <div className="min-w-0 grow">
        <p className="truncate font-strong" title={model.path}>
          {model.name}
        </p>
        <p className="flex items-center gap-3 text-mute">
          <span className="figures">{bytes(model.size)}</span>
          {estimate.data !== undefined && (
            <VerdictMark verdict={estimate.data.fits ? 'ok' : 'warn'}>
              {estimate.data.fits ? words.fitsNow : words.fitsNot}
            </VerdictMark>
          )}
        </p>
      </div>
      <Button
        size="small"
        kind={isPrimary ? 'primary' : 'normal'}
        disabled={!isOnline || step.kind !== 'idle'}
        onClick={() => first.use({ model: model.id }, model.name)}
      >
        {words.createAndStart}
      </Button>
    </div>
  );
}

function PathForm({ first }: { first: FirstInstance }) {
  const words = useWords(firstRunWords);
  const isOnline = useIsOnline();
  const [path, setPath] = useState('');
  const { step } = first;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    first.use({ model_path: path.trim() }, path.trim());
  };
  if (step.kind !== 'idle' && step.model === path.trim()) return <StepView step={step} onCancel={first.cancel} />;
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <TextField
        label={words.path}
        hint={words.pathHint}
        isMono
        required
        spellCheck={false}
        autoComplete="off"
        value={path}
        onChange={({ target }) => setPath(target.value)}
      />
      <span>
        <Button type="submit" disabled={!isOnline || step.kind !== 'idle' || path.trim() === ''}>
          {words.createAndStart}
        </Button>
      </span>
    </form>
  );
}
