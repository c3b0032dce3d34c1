import type { Starter } from '@llamactl/client';
import { bytes, duration } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { Progress } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { firstRunWords } from '../../words/first-run.ts';
import type { FirstInstance, FirstStep } from './first-instance.ts';

const VERDICTS = { yes: 'ok', tight: 'warn', no: 'bad' } as const;

interface StarterPanelProps {
  starter: Starter;
  first: FirstInstance;
  /** Whether nothing is quicker than its download. */
  isPrimary: boolean;
}

/** A model to download, and to chat with after one click. */
export function StarterPanel({ starter, first, isPrimary }: StarterPanelProps) {
  const words = useWords(firstRunWords);
  const isOnline = useIsOnline();
  const { name, reason, size, fits, reference } = starter;
  const { step } = first;
  const isOwn = step.kind !== 'idle' && step.model === name;
  return (
    <Panel title={name}>
      <div className="flex h-full flex-col gap-3">
        <p>{reason}</p>
        <p className="flex flex-wrap items-center gap-x-3">
          <VerdictMark verdict={VERDICTS[fits]}>{words.fits[fits]}</VerdictMark>
          <span className="figures text-mute">{words.download(bytes(size))}</span>
        </p>
        <div className="mt-auto">
          {isOwn ? (
            <StepView step={step} onCancel={first.cancel} />
          ) : (
            <Button
              kind={isPrimary ? 'primary' : 'normal'}
              icon="download"
              disabled={!isOnline || step.kind !== 'idle'}
              onClick={() => first.get(reference, name)}
            >
              {words.getAndChat}
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

/** How far a first instance is. */
export function StepView({ step, onCancel }: { step: FirstStep; onCancel: () => void }) {
  const words = useWords(firstRunWords);
  if (step.kind === 'idle') return null;
  if (step.kind !== 'download') {
    return (
      <div role="status" className="flex flex-col gap-2">
        <Progress label={words[step.kind]} share={null} />
        <span className="text-mute">{words[step.kind]}</span>
      </div>
    );
  }
  const { done_bytes: done, total_bytes: total, bytes_per_second: speed, eta_seconds: left } = step.progress;
  const text = words.downloading(bytes(done), bytes(total));
  return (
    <div className="flex flex-col gap-2">
      <Progress label={text} share={total > 0 ? done / total : null} />
      <div className="flex items-center gap-2">
        <span className="figures min-w-0 grow text-mute">
          {[text, words.speed(bytes(speed)), left === null ? null : words.left(duration(left))]
            .filter((part) => part !== null)
            .join(' · ')}
        </span>
        <Button size="small" onClick={onCancel}>
          {words.cancel}
        </Button>
      </div>
    </div>
  );
}
