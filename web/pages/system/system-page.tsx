import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { duration } from '../../lib/figures.ts';
import { Button } from '../../components/button.tsx';
import { ForbiddenState } from '../../components/error-state.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useAlerts, useIsOnline } from '../../lib/live/live-hooks.ts';
import { useNow } from '../../lib/now.ts';
import { systemInfoQuery, systemStatusQuery } from '../../lib/queries.ts';
import { useReload } from '../../lib/reload.ts';
import { systemWords } from '../../words/system.ts';
import { AlertsTab } from './alerts-tab.tsx';
import { DoctorTab } from './doctor-tab.tsx';
import { MachineTab } from './machine-tab.tsx';
import { OwnLogTab } from './own-log-tab.tsx';
import { SYSTEM_TABS, type SystemTab } from './system-search.ts';

/** Tabs that only admins see. */
const FOR_ADMINS: ReadonlySet<SystemTab> = new Set(['doctor', 'log']);

/** The machine, alerts and their history, the doctor, and llamactl's own log. */
export function SystemPage() {
  const words = useWords(systemWords);
  const isAdmin = useMay('admin');
  const { tab } = useSearch({ from: '/system' });
  const navigate = useNavigate({ from: '/system' });
  const alerts = useAlerts()?.length ?? 0;
  const allowed = SYSTEM_TABS.filter((value) => isAdmin || !FOR_ADMINS.has(value));
  const isClosed = tab !== undefined && !allowed.includes(tab);
  const chosen = allowed.find((value) => value === tab) ?? 'machine';
  const label = (value: SystemTab): string =>
    value === 'alerts' && alerts > 0 ? `${words.tabs.alerts} ${alerts}` : words.tabs[value];
  return (
    <>
      <PageHeader title={words.title} note={<Uptime />} actions={isAdmin && <Reload />} />
      {isClosed ? (
        <ForbiddenState needs="admin" />
      ) : (
        <Tabs
          label={words.tabsLabel}
          tabs={allowed.map((value) => ({ value, label: label(value) }))}
          value={chosen}
          onChoose={(value) => void navigate({ search: value === 'machine' ? {} : { tab: value }, replace: true })}
        >
          {chosen === 'log' ? (
            <OwnLogTab />
          ) : (
            <div className="min-h-0 grow overflow-y-auto px-4 pt-4 pb-8 wide:px-6">
              {chosen === 'machine' && <MachineTab />}
              {chosen === 'alerts' && <AlertsTab />}
              {chosen === 'doctor' && <DoctorTab />}
            </div>
          )}
        </Tabs>
      )}
    </>
  );
}

function Uptime() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const info = useQuery(systemInfoQuery(client));
  const status = useQuery(systemStatusQuery(client));
  const now = useNow(1);
  if (info.data === undefined || status.data === undefined) return null;
  const age = (now - status.dataUpdatedAt) / 1_000;
  return words.note(info.data.hostname, duration(status.data.uptime + Math.max(0, age)));
}

function Reload() {
  const words = useWords(systemWords);
  const isOnline = useIsOnline();
  const reload = useReload();
  return (
    <Button
      icon="refresh"
      data-tip={words.reloadTip}
      disabled={!isOnline}
      isPending={reload.isPending}
      onClick={() => reload.mutate()}
    >
      {words.reload}
    </Button>
  );
}
