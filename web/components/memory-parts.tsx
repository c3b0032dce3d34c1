import type { DeviceEstimate } from '@llamactl/client';
import { memoryText } from '../lib/figures.ts';
import { useWords } from '../lib/language.ts';
import { memoryReserve } from '../lib/memory-reserve.ts';
import { partsWords } from '../words/parts.ts';
import { Meter } from './meter.tsx';

/** The memory that a model needs on a device, and how much of it is free. */
export function DeviceNeed({ device }: { device: DeviceEstimate }) {
  const words = useWords(partsWords).memory;
  const { need, free, total } = device;
  const name = deviceName(device.device);
  const sizes = [memoryText(need), memoryText(free)] as const;
  // `memory.overcommit` allows more than there is.
  const isBeyond = free > total;
  return (
    <div className="flex flex-col gap-1">
      <p className="figures">
        {isBeyond ? words.perDeviceBeyond(name, ...sizes, memoryText(total)) : words.perDevice(name, ...sizes)}
      </p>
      <Meter label={name} text={memoryText(need)} value={need} max={Math.max(free, need)} limits={[0.85, 1]} />
      <MemoryParts device={device} />
    </div>
  );
}

/** The parts of the memory that a model needs on a device. They add up to its need. */
export function MemoryParts({ device }: { device: DeviceEstimate }) {
  const words = useWords(partsWords).memory;
  const { weights, cache, compute } = device;
  const parts = [
    words.weights(memoryText(weights)),
    words.cache(memoryText(cache)),
    words.compute(memoryText(compute)),
    words.reserve(memoryText(memoryReserve(device))),
  ];
  return <p className="figures text-label text-mute">{parts.join(' · ')}</p>;
}

/** `RAM`, or `GPU 0` of `nvidia:0`. */
export function deviceName(device: string): string {
  const gpu = /^[a-z]+:(\d+)$/.exec(device)?.[1];
  return gpu === undefined ? device.toUpperCase() : `GPU ${gpu}`;
}
