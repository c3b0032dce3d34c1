import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { ForbiddenState, NotFoundState } from '../../components/error-state.tsx';
import { laterPart } from '../../components/later-part.tsx';
import { PageBody, PageHeader } from '../../components/page-header.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { Tabs } from '../../components/tabs.tsx';
import { useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useRow, useRowNames } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instanceWords } from '../../words/instance.ts';
import { EventsTab } from './events-tab.tsx';
import { InstanceHeader } from './instance-header.tsx';
import { INSTANCE_TABS, type InstanceTab } from './instance-search.ts';
import { OverviewTab } from './overview-tab.tsx';
import { SettingsTab } from './settings-tab.tsx';
import { UseTab } from './use-tab.tsx';
import { WhyPanel } from './why-panel.tsx';

// These come when they are opened.
const LogsTab = lazy(laterPart(async () => (await import('./logs-tab.tsx')).default));
const RequestsTab = lazy(laterPart(async () => (await import('./requests-tab.tsx')).default));

/** One instance: overview, logs, requests, settings, events, use. */
export function InstancePage() {
  const { name } = useParams({ from: '/instances/$name' });
  const words = useWords(instanceWords);
  const row = useRow(name);
  const isLoaded = useRowNames() !== null;
  const isAdmin = useMay('admin');
  if (row !== undefined) return <KnownInstance key={name} row={row} />;
  // A guess at the address of the form. An instance may have this name, so the form has another.
  if (isLoaded && name === 'new') return isAdmin ? <Navigate to="/new" replace /> : <ForbiddenState needs="admin" />;
  return (
    <>
      <PageHeader title={name} />
      <PageBody>{isLoaded ? <NotFoundState>{words.notFound(name)}</NotFoundState> : <SkeletonRows />}</PageBody>
    </>
  );
}

function KnownInstance({ row }: { row: Row }) {
  const { name } = row;
  const words = useWords(instanceWords);
  const navigate = useNavigate();
  const { tab = 'overview', line } = useSearch({ from: '/instances/$name' });
  const choose = (chosen: InstanceTab): void => {
    const search = chosen === 'overview' ? {} : { tab: chosen };
    void navigate({ to: '/instances/$name', params: { name }, search, replace: true });
  };
  return (
    <>
      <InstanceHeader row={row} />
      <WhyPanel row={row} />
      <Tabs
        label={words.tabsLabel}
        tabs={INSTANCE_TABS.map((value) => ({ value, label: words.tabs[value] }))}
        value={tab}
        onChoose={choose}
        className="flex grow flex-col"
      >
        {tab === 'logs' || tab === 'requests' ? (
          <Suspense>{tab === 'logs' ? <LogsTab row={row} line={line} /> : <RequestsTab name={name} />}</Suspense>
        ) : (
          <div className="min-h-0 grow overflow-y-auto px-4 pt-4 pb-8 wide:px-6">
            <TabContent tab={tab} row={row} />
          </div>
        )}
      </Tabs>
    </>
  );
}

function TabContent({ tab, row }: { tab: Exclude<InstanceTab, 'logs' | 'requests'>; row: Row }) {
  switch (tab) {
    case 'overview':
      return <OverviewTab row={row} />;
    case 'settings':
      return <SettingsTab name={row.name} />;
    case 'events':
      return <EventsTab name={row.name} />;
    case 'use':
      return <UseTab row={row} />;
  }
}
