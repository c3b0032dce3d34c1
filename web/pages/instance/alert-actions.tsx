import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button } from '../../components/button.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { canStart } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, usePending, useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { whyWords } from '../../words/why.ts';
import { stepsOf } from './remedies.ts';
import { RemedyButton } from './remedy-button.tsx';
import { whyQuery } from './why-query.ts';

/** Remedies of one alert: the explanation has all. */
const MOST = 2;

interface AlertActionsProps {
  /** Of the instance. */
  name: string;
  /** Shows one button at most, the best one, where the message needs the room. */
  isShort?: boolean;
}

/** Buttons against an alert about an instance: its explanation, the best remedies, and another start. */
export function AlertActions({ name, isShort = false }: AlertActionsProps) {
  const words = useWords(whyWords);
  const row = useRow(name);
  return (
    <>
      <Link
        to="/instances/$name"
        params={{ name }}
        className="inline-flex h-7 items-center rounded-control px-2 text-accent hover:bg-hover"
      >
        {words.ask}
      </Link>
      {row !== undefined && <Remedies row={row} isShort={isShort} />}
    </>
  );
}

function Remedies({ row, isShort }: { row: Row; isShort: boolean }) {
  const { name, status } = row;
  const words = useWords(whyWords);
  const { client, commands } = useApp();
  const pending = usePending(name);
  const mayOperate = useMay('operator');
  const isOnline = useIsOnline();
  const why = useQuery({ ...whyQuery(client, row), enabled: mayOperate });
  const steps = stepsOf(why.data?.remedies ?? [])
    // The explanation leads to the log, and another start has a button of its own.
    .filter(({ operation, link }) => operation !== 'startInstance' && link !== 'log')
    .slice(0, isShort ? 1 : MOST);
  const hasRoom = !isShort || (steps.length === 0 && !why.isPending);
  return (
    <>
      {steps.map((remedy) => (
        <RemedyButton key={remedy.label} {...{ remedy, name, status }} isFirst={false} />
      ))}
      {hasRoom && mayOperate && canStart(row) && (
        <Button size="small" isPending={pending === 'start'} disabled={!isOnline} onClick={() => commands.start(name)}>
          {words.startAgain}
        </Button>
      )}
    </>
  );
}
