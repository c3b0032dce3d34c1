import { useQuery } from '@tanstack/react-query';
import { Panel } from '../../components/panel.tsx';
import { QueryPart } from '../../components/query-part.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import { useResources } from '../../lib/live/live-hooks.ts';
import { enginesQuery, systemInfoQuery } from '../../lib/queries.ts';
import { systemWords } from '../../words/system.ts';
import { AlertPanel } from './alert-panel.tsx';
import { DiskList } from './disk-list.tsx';
import { EngineTable } from './engine-table.tsx';
import { GpuMap } from './gpu-map.tsx';
import { MachineMeters } from './machine-meters.tsx';
import { ServerFacts } from './server-facts.tsx';
import { SystemCharts } from './system-charts.tsx';

/** The machine, its GPUs, present alerts and engines. */
export function MachineTab() {
  const words = useWords(systemWords);
  const { client } = useApp();
  const info = useQuery(systemInfoQuery(client));
  const engines = useQuery(enginesQuery(client));
  return (
    <div className="flex flex-col gap-4">
      <AlertPanel />
      <Panel title={words.machine}>
        <LiveMeters />
      </Panel>
      <Panel title={words.gpus}>
        <LiveGpus />
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
  );
}

/** Renders for each measurement, so that the rest of the tab does not. */
function LiveMeters() {
  const resources = useResources();
  return resources === null ? <SkeletonRows count={1} /> : <MachineMeters resources={resources} />;
}

/** Renders for each measurement, as {@link LiveMeters}. */
function LiveGpus() {
  const resources = useResources();
  return resources === null ? <SkeletonRows count={1} /> : <GpuMap gpus={resources.gpus} />;
}
