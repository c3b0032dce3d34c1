import type { DeviceEstimate } from '@llamactl/client';

/** Bytes of the need of a device beyond weights, cache and computation: the program or the driver, and a margin. */
export function memoryReserve({
  need,
  weights,
  cache,
  compute,
}: Pick<DeviceEstimate, 'need' | 'weights' | 'cache' | 'compute'>): number {
  return Math.max(0, need - weights - cache - compute);
}
