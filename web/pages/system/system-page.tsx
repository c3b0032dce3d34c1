import { useQuery } from '@tanstack/react-query';
import { duration } from '../../../format/figures.ts';
import { Button } from '../../components/button.tsx';
import { PageBody, PageHeader } from '../../components/page-header.tsx';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useApp, useMay } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useIsOnline, useResources } from '../../lib/live/live-hooks.ts';
import { useNow } from '../../lib/now.ts';
import { enginesQuery, systemInfoQuery, systemStatusQuery } from '../../lib/queries.ts';
import { useReload } from '../../lib/reload.ts';
import { systemWords } from '../../words/system.ts';
import { AlertPanel } from './alert-panel.tsx';
import { DiskList } from './disk-list.tsx';
import { EngineTable } from './engine-table.tsx';
import { GpuMap } from './gpu-map.tsx';
import { MachineMeters } from './machine-meters.tsx';
import { ServerFacts } from './server-facts.tsx';
import { SystemCharts } from './system-charts.tsx';

/** The machine, its GPUs, alerts and engines. */
export function SystemPage() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const isAdmin = useMay('admin');
  const resources = useResources();
  const info = useQuery(systemInfoQuery(client));
  const engines = useQuery(enginesQuery(client));
  return (
    <>
      <PageHeader title={words.title} note={<Uptime host={info.data?.hostname} />} actions={isAdmin && <Reload />} />
      <PageBody>
        <div className="flex flex-col gap-4 pt-2">
          <AlertPanel />
          <Panel title={words.machine}>
            {resources === null ? <SkeletonRows count={1} /> : <MachineMeters resources={resources} />}
          </Panel>
          <Panel title={words.gpus}>
            {resources === null ? <SkeletonRows count={1} /> : <GpuMap gpus={resources.gpus} />}
          </Panel>
          <SystemCharts />
          <Panel title={words.engines}>
            <QueryPart query={engines}>{(list) => <EngineTable engines={list} />}</QueryPart>
          </Panel>
          <div className="grid items-start gap-4 broad:grid-cols-2">
            <Panel title={words.disks}>
              <QueryPart query={info}>{({ folders }) => <DiskList folders={folders} />}</QueryPart>
            </Panel>
            <Panel title={words.server}>
              <QueryPart query={info}>{(all) => <ServerFacts info={all} />}</QueryPart>
            </Panel>
          </div>
        </div>
      </PageBody>
    </>
  );
}

function Uptime({ host }: { host: string | undefined }) {
  const words = useWords(systemWords);
  const { client } = useApp();
  const status = useQuery(systemStatusQuery(client));
  const now = useNow(1);
  if (host === undefined || status.data === undefined) return null;
  const age = (now - status.dataUpdatedAt) / 1_000;
  return words.note(host, duration(status.data.uptime + Math.max(0, age)));
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
