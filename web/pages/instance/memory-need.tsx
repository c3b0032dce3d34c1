import { useQuery } from '@tanstack/react-query';
import type { DeviceEstimate, Estimate } from '@llamactl/client';
import { memoryText } from '../../lib/figures.ts';
import { deviceName, MemoryParts } from '../../components/memory-parts.tsx';
import { Meter } from '../../components/meter.tsx';
import { Panel } from '../../components/panel.tsx';
import { VerdictMark } from '../../components/status.tsx';
import { useApp } from '../../lib/app.ts';
import { useWords } from '../../lib/language.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { instanceWords } from '../../words/instance.ts';

/** The memory that an instance needs on each device. Empty if llamactl cannot estimate its engine. */
export function MemoryNeed({ row }: { row: Row }) {
  const words = useWords(instanceWords).need;
  const { client } = useApp();
  const { data: estimate } = useQuery({
    queryKey: ['instances', row.name, 'estimate'],
    queryFn: ({ signal }) => client.estimateInstance(row.name, {}, { signal }),
    staleTime: 60_000,
    // Without a readable file the server refuses, and it knows only the memory of llama-server.
    enabled: row.model_info !== null && row.engine === 'llama_cpp',
  });
  if (estimate === undefined) return null;
  const isUp = row.status === 'running';
  return (
    <Panel title={words.title} actions={isUp ? undefined : <Fit estimate={estimate} />}>
      <div className="flex flex-col gap-4">
        {estimate.per_device
          .filter(({ need }) => need > 0)
          .map((device) => (
            <Device key={device.device} device={device} row={row} isUp={isUp} />
          ))}
        <p className="text-mute">{words.source[estimate.source]}</p>
        {estimate.warnings?.map((warning) => (
          <p key={warning} lang="en" className="text-warn">
            {warning}
          </p>
        ))}
      </div>
    </Panel>
  );
}

function Fit({ estimate: { fits, must_stop: others } }: { estimate: Estimate }) {
  const words = useWords(instanceWords).need;
  return (
    <span className="px-2">
      {fits ? (
        <VerdictMark verdict="ok">{words.fits}</VerdictMark>
      ) : (
        <VerdictMark verdict="bad">
          {others.length === 0 ? words.fitsNot : `${words.fitsNot} · ${words.mustStop(others.join(', '))}`}
        </VerdictMark>
      )}
    </span>
  );
}

function Device({ device, row, isUp }: { device: DeviceEstimate; row: Row; isUp: boolean }) {
  const words = useWords(instanceWords).need;
  const { need, free, total } = device;
  const name = deviceName(device.device);
  const used = isUp && device.device === 'ram' ? (row.stats?.memory_usage ?? null) : null;
  const text = isUp ? memoryText(need) : words.ofFree(memoryText(need), memoryText(free));
  const isShort = !isUp && need > free;
  return (
    <div className="flex flex-col gap-1">
      <div className="figures flex items-baseline justify-between gap-3">
        <span className="font-strong">{name}</span>
        <span className={isShort ? 'text-bad' : undefined}>
          {text}
          {used !== null && <span className="text-mute"> · {words.uses(memoryText(used))}</span>}
        </span>
      </div>
      <Meter
        label={name}
        text={text}
        value={Math.min(need, isUp ? total : free)}
        max={isUp ? total : free}
        limits={isShort ? [0, 0] : null}
      />
      <MemoryParts device={device} />
    </div>
  );
}
