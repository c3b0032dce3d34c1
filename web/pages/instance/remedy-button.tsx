import { useNavigate } from '@tanstack/react-router';
import type { Remedy, Status, Why } from '@llamactl/client';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { whyWords } from '../../words/why.ts';
import { useServerWords } from '../../lib/server-words.ts';
import { fieldOf, followUpOf, labelOf, placeOf, roleFor, shortMemory } from './remedies.ts';
import { StepButton, useOpenPlace } from './remedy-step.tsx';
import { useRemedy } from './run-remedy.ts';

/** Does a remedy for an instance, or opens the place where a person can do it. Hidden from users who may not. */
export function RemedyButton({
  remedy,
  why,
  name,
  status,
  line = null,
  isFirst,
  isMain = false,
}: {
  remedy: Remedy;
  /** The explanation that has the remedy. */
  why: Why;
  /** Of the instance. */
  name: string;
  status: Status;
  /** Line of the log that shows the cause; `null`: none. */
  line?: number | null;
  isFirst: boolean;
  /** Whether it is the main button of the page, also if it only opens a place. */
  isMain?: boolean;
}) {
  const words = useWords(whyWords);
  const navigate = useNavigate();
  const openPlace = useOpenPlace();
  const may = useMay(roleFor(remedy));
  const isOnline = useIsOnline();
  const run = useRemedy(name);
  const followUp = followUpOf(remedy, status);
  const label = labelOf(remedy, useServerWords());
  if (!may) return null;
  const place = placeOf(remedy);
  const open = (): void => {
    if (place === null) run.mutate({ remedy, followUp });
    else if (place === 'log') {
      void navigate({
        to: '/instances/$name',
        params: { name },
        search: { tab: 'logs', ...(line === null ? {} : { line }) },
      });
    } else if (place === 'edit') {
      void navigate({ to: '/instances/$name/edit', params: { name }, search: { field: fieldOf(remedy) } });
    } else if (place === '/instances') {
      void navigate({ to: place, search: { status: 'running', sort: shortMemory(why) } });
    } else openPlace(place, remedy);
  };
  const text =
    followUp === 'start' ? words.thenStart(label) : followUp === 'restart' ? words.thenRestart(label) : label;
  return (
    <StepButton
      kind={isMain || (isFirst && place === null) ? 'primary' : 'normal'}
      disabled={place === null && !isOnline}
      isPending={run.isPending}
      onClick={open}
    >
      {text}
    </StepButton>
  );
}
