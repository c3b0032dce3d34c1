import { Link } from '@tanstack/react-router';
import type { Gpu } from '@llamactl/client';
import { memoryText, percent } from '../../lib/figures.ts';
import { Meter, type MeterPart } from '../../components/meter.tsx';
import { classNames } from '../../lib/class-names.ts';
import { useWords } from '../../lib/language.ts';
import { useAllRows } from '../../lib/live/live-hooks.ts';
import type { Row } from '../../lib/live/row-store.ts';
import { systemWords } from '../../words/system.ts';
import { gpuNumbers, gpuShares, type GpuShares } from './gpu-shares.ts';

const FIRST = 'bg-chart-1';
/** Four colours, then the same ones hatched: more instances seldom share one GPU. */
const LOOKS = [
  FIRST,
  'bg-chart-2',
  'bg-chart-3',
  'bg-chart-4',
  'bg-chart-1 hatched',
  'bg-chart-2 hatched',
  'bg-chart-3 hatched',
  'bg-chart-4 hatched',
];
const OTHER = 'bg-edge hatched';

/** Who holds the memory of each GPU. */
export function GpuMap({ gpus }: { gpus: readonly Gpu[] }) {
  const words = useWords(systemWords);
  const rows = (useAllRows() ?? []).filter(({ stats }) => stats !== null && stats.gpus.length > 0);
  const numbers = gpuNumbers(gpus, rows);
  const colours = new Map([...numbers].map(([name, number]) => [name, LOOKS[number % LOOKS.length] ?? FIRST]));
  if (gpus.length === 0) return <p className="text-mute">{words.noGpu}</p>;
  return (
    <ul className={classNames('grid gap-x-8 gap-y-5', gpus.length > 1 && 'broad:grid-cols-2')}>
      {gpus.map((gpu) => (
        <GpuLine key={`${gpu.vendor} ${gpu.index}`} {...{ gpu, rows, colours }} />
      ))}
    </ul>
  );
}

/** The colour of each instance, the same on all GPUs. */
type Colours = ReadonlyMap<string, string>;

function GpuLine({ gpu, rows, colours }: { gpu: Gpu; rows: readonly Row[]; colours: Colours }) {
  const words = useWords(systemWords);
  const shares = gpuShares(gpu, rows);
  const { index, name, utilization, temperature, power } = gpu;
  const figures = [
    utilization === null ? null : words.load(percent(utilization)),
    temperature === null ? null : `${Math.round(temperature)} °C`,
    power === null ? null : `${Math.round(power)} W`,
  ].filter((figure) => figure !== null);
  return (
    <li className="flex min-w-0 flex-col gap-1.5">
      <p className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-strong">{`GPU ${index}`}</span>
        <span className="min-w-0 truncate text-mute">{name}</span>
        <span className="figures ml-auto text-mute">{figures.join(' · ')}</span>
      </p>
      {shares === null ? (
        <p className="text-mute">{words.gpuMemoryUnknown}</p>
      ) : (
        <Memory of={shares} {...{ index, colours }} />
      )}
    </li>
  );
}

function Memory({ of: shares, index, colours }: { of: GpuShares; index: number; colours: Colours }) {
  const words = useWords(systemWords);
  const { holders, other, free, total } = shares;
  const parts: MeterPart[] = [
    ...holders.map(({ name, memory }) => ({
      value: memory,
      className: colours.get(name) ?? FIRST,
      label: `${name} ${memoryText(memory)}`,
    })),
    ...(other > 0 ? [{ value: other, className: OTHER, label: `${words.otherPrograms} ${memoryText(other)}` }] : []),
  ];
  const text = words.ofTotal(memoryText(total - free), memoryText(total));
  return (
    <>
      <Meter label={`GPU ${index}`} text={text} value={parts} max={total} limits={null} className="h-3" />
      <p className="figures flex flex-wrap items-center gap-x-4">
        {holders.map(({ name, memory }) => (
          <span key={name} className="inline-flex max-w-full min-w-0 items-center gap-1.5">
            <Swatch look={colours.get(name) ?? FIRST} />
            <Link
              to="/instances/$name"
              params={{ name }}
              className="min-w-0 truncate leading-6 hover:text-accent hover:underline"
            >
              {name}
            </Link>
            <span className="shrink-0 text-mute">{memoryText(memory)}</span>
          </span>
        ))}
        {other > 0 && (
          <span className="inline-flex items-center gap-1.5 text-mute">
            <Swatch look={OTHER} />
            {words.otherPrograms} {memoryText(other)}
          </span>
        )}
        <span className="ml-auto">{words.free(memoryText(free))}</span>
      </p>
    </>
  );
}

function Swatch({ look }: { look: string }) {
  return <span aria-hidden className={classNames('size-2.5 shrink-0 rounded-xs forced-color-adjust-none', look)} />;
}
