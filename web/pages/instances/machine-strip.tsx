import type { Gpu, Resources } from '@llamactl/client';
import { bytes, memoryText, percent } from '../../lib/figures.ts';
import { classNames } from '../../lib/class-names.ts';
import { Meter } from '../../components/meter.tsx';
import { Skeleton } from '../../components/skeleton.tsx';
import { useWords } from '../../lib/language.ts';
import { useResources } from '../../lib/live/live-hooks.ts';
import { useMedia, WIDE } from '../../lib/media.ts';
import { instancesWords } from '../../words/instances.ts';

/** Bars of one row on a narrow screen; a machine with more has two rows. */
const MOST_IN_A_ROW = 4;

interface Share {
  label: string;
  text: string;
  value: number;
  max: number;
  tip?: string | undefined;
  /** Whether a full bar is no problem: processors may work. */
  isHarmless?: boolean;
}

/** The machine: GPUs, memory, processors and disk, and how much of each is used. */
export function MachineStrip() {
  const words = useWords(instancesWords);
  const resources = useResources();
  const isWide = useMedia(WIDE);
  const shares = resources === null ? null : sharesOf(resources, words);
  return (
    <section
      aria-label={words.machine}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls by keyboard
      tabIndex={isWide ? undefined : 0}
      className={classNames(
        'grid shrink-0 grid-flow-col justify-start gap-x-6 gap-y-2 overflow-x-auto border-b border-line px-4 pb-3 wide:flex wide:flex-wrap wide:px-6',
        (shares?.length ?? 0) > MOST_IN_A_ROW && 'grid-rows-2',
      )}
    >
      {shares === null ? <Placeholder /> : shares.map((share) => <ShareBar key={share.label} share={share} />)}
    </section>
  );
}

function ShareBar({ share: { label, text, value, max, tip, isHarmless = false } }: { share: Share }) {
  return (
    <div className="flex min-w-40 shrink-0 flex-col gap-1" data-tip={tip}>
      <div className="flex justify-between gap-2 text-label whitespace-nowrap">
        <span className="text-mute">{label}</span>
        <span className="figures">{text}</span>
      </div>
      <Meter label={label} text={text} value={value} max={max} {...(isHarmless ? { limits: null } : {})} />
    </div>
  );
}

function Placeholder() {
  return (
    <div className="flex h-[26px] w-full items-center gap-6">
      {['gpu', 'ram', 'cpu', 'disk'].map((id) => (
        <span key={id} className="w-40">
          <Skeleton />
        </span>
      ))}
    </div>
  );
}

type Words = ReturnType<typeof useWords<(typeof instancesWords)['en']>>;

function sharesOf(resources: Resources, words: Words): Share[] {
  const {
    cpu_usage: cpu,
    memory_usage: used,
    memory_total: total,
    disk_usage: disk,
    disk_free: free,
    gpus,
  } = resources;
  return [
    ...gpus.map((gpu) => gpuShare(gpu, words)),
    { label: words.memory, text: usedText(used, total, words), value: used, max: total },
    { label: words.cpu, text: percent(cpu), value: cpu, max: 100, isHarmless: true },
    { label: words.disk, text: words.free(bytes(free)), value: disk, max: 100 },
  ];
}

/** `13.6 of 24.0 GiB`. Both figures have their unit only if the units differ. */
function usedText(used: number, total: number, words: Words): string {
  const [figure = '', unit] = memoryText(used).split(' ');
  const whole = memoryText(total);
  return words.ofTotal(whole.endsWith(` ${unit}`) ? figure : memoryText(used), whole);
}

/** The memory of a GPU; its load if the tool does not report the memory. */
function gpuShare(gpu: Gpu, words: Words): Share {
  const { index, name, memory_total: total, memory_usage: used, utilization, temperature, power } = gpu;
  const tip = [
    name,
    utilization === null ? '' : percent(utilization),
    temperature === null ? '' : `${temperature} °C`,
    power === null ? '' : `${Math.round(power)} W`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
  const label = `GPU ${index}`;
  if (total === null || used === null)
    return { label, text: percent(utilization), value: utilization ?? 0, max: 100, tip };
  return { label, text: usedText(used, total, words), value: used, max: total, tip };
}
