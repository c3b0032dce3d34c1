import { useQuery } from '@tanstack/react-query';
import { number } from '../../lib/figures.ts';
import type { Doctor, Finding } from '@llamactl/client';
import { clockTime } from '../../../format/clock-time.ts';
import { Button } from '../../components/button.tsx';
import { EmptyState } from '../../components/empty-state.tsx';
import { ErrorState } from '../../components/error-state.tsx';
import { Icon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline } from '../../lib/live/live-hooks.ts';
import { systemWords } from '../../words/system.ts';
import { FindingItem } from './finding-item.tsx';

/** The checks of the server and its machine. They run engines, so that only a press of the button begins them. */
export function DoctorTab() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const isOnline = useIsOnline();
  const query = useQuery({
    queryKey: ['system', 'doctor'],
    queryFn: ({ signal }) => client.getDoctor({ signal }),
    enabled: false,
    staleTime: Infinity,
  });
  const { data, isFetching } = query;
  const button = (text: string) => (
    <Button
      icon="refresh"
      kind={data === undefined ? 'primary' : 'normal'}
      disabled={!isOnline}
      isPending={isFetching}
      onClick={() => void query.refetch()}
    >
      {text}
    </Button>
  );
  if (isFetching && data === undefined) {
    return (
      <Panel title={words.tabs.doctor}>
        <p className="pb-3 text-mute">{words.checking}</p>
        <SkeletonRows />
      </Panel>
    );
  }
  if (query.isError) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  if (data === undefined) {
    return (
      <EmptyState icon="system" title={words.doctorTitle} action={button(words.check)}>
        {words.doctorHint}
      </EmptyState>
    );
  }
  return (
    <Panel title={<Summary report={data} />} actions={button(words.checkAgain)}>
      <Findings findings={data.findings} />
    </Panel>
  );
}

function Summary({ report: { findings, checked_at: at, duration } }: { report: Doctor }) {
  const words = useWords(systemWords);
  const count = (status: Finding['status']): number => findings.filter((each) => each.status === status).length;
  const [problems, warnings] = [count('problem'), count('warning')];
  return (
    <span className="flex flex-wrap items-baseline gap-x-3">
      <VerdictMark verdict={problems > 0 ? 'bad' : warnings > 0 ? 'warn' : 'ok'}>
        {problems + warnings === 0 ? words.nothingWrong : words.findings(problems, warnings)}
      </VerdictMark>
      <span className="figures font-normal text-mute">
        {words.checkedAt(clockTime(at, Date.now()), number(duration, 1))}
      </span>
    </span>
  );
}

/** Problems first, then warnings; what is fine is folded. */
function Findings({ findings }: { findings: readonly Finding[] }) {
  const words = useWords(systemWords);
  const bad = [
    ...findings.filter(({ status }) => status === 'problem'),
    ...findings.filter(({ status }) => status === 'warning'),
  ];
  const fine = findings.filter(({ status }) => status === 'ok');
  const list = (some: readonly Finding[]) => (
    <ul className="divide-y divide-line">
      {some.map((finding) => (
        <FindingItem key={`${finding.id} ${finding.sentence}`} finding={finding} />
      ))}
    </ul>
  );
  return (
    <div className="-my-2">
      {bad.length > 0 && list(bad)}
      {fine.length > 0 && (
        <details className={classNames('group', bad.length > 0 && 'border-t border-line')} open={bad.length === 0}>
          <summary className="flex min-h-9 items-center gap-2 rounded-control text-mute hover:text-ink">
            <Icon name="chevron-right" size={12} className="transition-transform group-open:rotate-90" />
            {words.fine(fine.length)}
          </summary>
          {list(fine)}
        </details>
      )}
    </div>
  );
}
