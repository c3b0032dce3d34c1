import type { Resources } from '@llamactl/client';
import { bytes, memoryText, percent } from '../../lib/figures.ts';
import { Meter } from '../../components/meter.tsx';
import { useWords } from '../../lib/language.ts';
import { systemWords } from '../../words/system.ts';

/** Processors, memory and disk of the machine, now. */
export function MachineMeters({ resources }: { resources: Resources }) {
  const words = useWords(systemWords);
  const {
    cpu_usage: cpu,
    memory_usage: used,
    memory_total: total,
    disk_usage: disk,
    disk_free: free,
    disk_total: size,
  } = resources;
  return (
    <div className="grid gap-x-8 gap-y-4 wide:grid-cols-3">
      <Share label={words.cpu} value={cpu} max={100} text={percent(cpu)} isHarmless />
      <Share
        label={words.memory}
        value={used}
        max={total}
        text={percent((100 * used) / total)}
        note={words.ofTotal(memoryText(used), memoryText(total))}
      />
      <Share
        label={words.disk}
        value={disk}
        max={100}
        text={percent(disk)}
        note={`${words.free(bytes(free))} · ${bytes(size)}`}
      />
    </div>
  );
}

interface ShareProps {
  label: string;
  value: number;
  max: number;
  text: string;
  note?: string;
  /** Whether a full bar is no problem: processors may work. */
  isHarmless?: boolean;
}

function Share({ label, value, max, text, note, isHarmless = false }: ShareProps) {
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <p className="flex items-baseline gap-3">
        <span className="text-mute">{label}</span>
        <span className="figures text-section font-strong">{text}</span>
        {note !== undefined && <span className="figures ml-auto min-w-0 truncate text-mute">{note}</span>}
      </p>
      <Meter {...{ label, value, max, text }} {...(isHarmless ? { limits: null } : {})} />
    </div>
  );
}
