import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Alert } from '@llamactl/client';
import { Button } from '../../components/button.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { canStart } from '../../lib/instance-actions.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, usePending, useRow } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instancesWords } from '../../words/instances.ts';
import { whyWords } from '../../words/why.ts';
import { stepsOf } from './remedies.ts';
import { RemedyButton } from './remedy-button.tsx';
import { whyQuery } from './why-query.ts';

const LINK = 'inline-flex h-7 shrink-0 items-center rounded-control px-2 text-accent hover:bg-hover';

/** Remedies of one alert: the explanation has all. */
const MOST = 2;

/** The alert about all instances that cannot start. */
const STARTS_BLOCKED = 'starts_blocked';

type About = Pick<Alert, 'code' | 'instance'>;

/** Whether an alert has buttons. */
export function isActionable({ code, instance }: About): boolean {
  return instance !== undefined || code === STARTS_BLOCKED;
}

interface AlertActionsProps {
  alert: About;
  /** Shows one button at most, the best one, where the message needs the room. */
  isShort?: boolean;
}

/** Buttons against an alert: the list of instances that cannot start, or what helps a single instance. */
export function AlertActions({ alert: { code, instance }, isShort = false }: AlertActionsProps) {
  const words = useWords(instancesWords);
  if (instance !== undefined) return <OwnActions name={instance} isShort={isShort} />;
  if (code !== STARTS_BLOCKED) return null;
  return (
    <Link to="/instances" search={{ status: 'blocked' }} className={LINK}>
      {words.showBlocked}
    </Link>
  );
}

/** The explanation of an instance, the best remedies, and another start. */
function OwnActions({ name, isShort }: { name: string; isShort: boolean }) {
  const words = useWords(whyWords);
  const row = useRow(name);
  return (
    <>
      <Link to="/instances/$name" params={{ name }} className={LINK}>
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
      {why.data !== undefined &&
        steps.map((remedy) => (
          <RemedyButton key={remedy.label} {...{ remedy, name, status }} why={why.data} isFirst={false} />
        ))}
      {hasRoom && mayOperate && canStart(row) && (
        <Button size="small" isPending={pending === 'start'} disabled={!isOnline} onClick={() => commands.start(name)}>
          {words.startAgain}
        </Button>
      )}
    </>
  );
}
