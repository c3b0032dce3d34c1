/** CPU time of all cores since the boot; any unit. */
export interface ProcessorTimes {
  busy: number;
  total: number;
}

/**
 * Parses the first line of /proc/stat. Waiting for a disk counts as idle, stolen time as busy; user time already includes
 * guests. `null`: not such a line.
 */
export function parseProcessorTimes(text: string): ProcessorTimes | null {
  const fields = /^cpu +([\d ]+)$/m.exec(text)?.[1]?.split(' ').map(Number);
  if (fields === undefined || fields.length < 4) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, waiting = 0, interrupts = 0, softInterrupts = 0, stolen = 0] =
    fields;
  const busy = user + nice + system + interrupts + softInterrupts + stolen;
  return { busy, total: busy + idle + waiting };
}

/** Percent of all cores between two readings, 0–100 with one decimal; `null`: no time passed between them. */
export function usageBetween(before: ProcessorTimes, after: ProcessorTimes): number | null {
  const total = after.total - before.total;
  if (total <= 0) return null;
  // the kernel's counter of waiting may decrease by a tick
  const busy = Math.min(total, Math.max(0, after.busy - before.busy));
  return Math.round((busy / total) * 1_000) / 10;
}
