import type { DeviceEstimate } from '@llamactl/client';
import { memoryText } from '../lib/figures.ts';
import { useWords } from '../lib/language.ts';
import { memoryReserve } from '../lib/memory-reserve.ts';
import { partsWords } from '../words/parts.ts';

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
