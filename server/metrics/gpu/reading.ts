import type { Gpu } from '@llamactl/contract/system';
import type { ToolResult } from '../metrics-ports.ts';

/** The output of one vendor's tool at one moment. */
export interface GpuReading {
  gpus: readonly Gpu[];
  /** Bytes on all of the vendor's GPUs by pid; `null`: the tool knows the process but not its memory. */
  memoryByPid: ReadonlyMap<number, number | null>;
  /** Bytes by pid, and by the GPU's index; empty if the tool does not say which GPU a process uses. */
  memoryByGpu: MemoryByGpu;
}

/** Bytes by pid, then by the index of the GPU. */
export type MemoryByGpu = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** Runs a tool with arguments; rejects when it does not end in time. */
export type CallTool = (args: readonly string[]) => Promise<ToolResult>;

/** One vendor's tool and how to read it. */
export interface GpuTool {
  vendor: Gpu['vendor'];
  /** Names or paths of the tool, in order of preference. */
  commands: readonly string[];
  /**
   * Reads everything.
   *
   * @param memory keeps data between calls, such as names; cleared when another tool is chosen
   * @throws {Error} with a line of the tool's output, when the tool reports nothing
   */
  read(call: CallTool, memory: Map<number, string>): Promise<GpuReading>;
}

const MEBIBYTE = 1_048_576;
const BYTES_OF: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1_024,
  KIB: 1_024,
  MB: MEBIBYTE,
  MIB: MEBIBYTE,
  GB: MEBIBYTE * 1_024,
  GIB: MEBIBYTE * 1_024,
};

/**
 * Parses a figure as tools write it: a number, `"42.0"`, `"42 %"`, `{ "value": 42, "unit": "%" }`. `null` for all else, such
 * as `[N/A]`, `N/A (Secondary die)`, `[Not Supported]`, `ERR!`.
 */
export function figure(given: unknown): number | null {
  return measure(given)?.value ?? null;
}

/** Parses a figure of memory into bytes. @param unit The unit of a figure without one. In these tools K is 1 024. */
export function memory(given: unknown, unit: keyof typeof BYTES_OF): number | null {
  const measured = measure(given);
  if (measured === null) return null;
  const factor = BYTES_OF[(measured.unit ?? unit).toUpperCase()];
  return factor === undefined ? null : Math.round(measured.value * factor);
}

function measure(given: unknown): { value: number; unit: string | null } | null {
  if (typeof given === 'object' && given !== null && 'value' in given) {
    const inner = measure(given.value);
    const unit = 'unit' in given && typeof given.unit === 'string' && given.unit !== '' ? given.unit : null;
    return inner && { value: inner.value, unit: unit ?? inner.unit };
  }
  if (typeof given === 'number') return Number.isFinite(given) && given >= 0 ? { value: given, unit: null } : null;
  if (typeof given !== 'string') return null;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*$/.exec(given);
  return match === null ? null : { value: Number(match[1]), unit: match[2] || null };
}

/** Adds a process's memory on one GPU to its sum, which is unknown as soon as one summand is. */
export function addMemory(sums: Map<number, number | null>, pid: number, bytes: number | null): void {
  const before = sums.get(pid);
  if (before === undefined) sums.set(pid, bytes);
  else sums.set(pid, before === null || bytes === null ? null : before + bytes);
}

/** Adds a process's memory on one GPU. */
export function addGpuMemory(byPid: Map<number, Map<number, number>>, pid: number, gpu: number, bytes: number): void {
  const byGpu = byPid.get(pid) ?? new Map<number, number>();
  byPid.set(pid, byGpu.set(gpu, (byGpu.get(gpu) ?? 0) + bytes));
}

/**
 * Parses the JSON in a tool's output, which may have warnings around it; `null`: no JSON.
 *
 * @throws {Error} when the text that looks like JSON is not valid
 */
export function jsonIn(text: string): unknown {
  // a warning may contain a bracket, but no warning of these tools begins a line with one
  const start = text.search(/^\s*[[{]/m);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start === -1 || end < start ? null : (JSON.parse(text.slice(start, end + 1)) as unknown);
}

/** The object under a key; empty for any other value, such as `"N/A"`. */
export function section(of: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = asObject(of)[key];
  return asObject(inner);
}

/** The value if it is an object; otherwise an empty object. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The error for a tool that reported nothing, with the first line of its output. */
export function silence({ code, stdout, stderr }: ToolResult): Error {
  const line = `${stderr}\n${stdout}`.split('\n').find((each) => each.trim() !== '');
  return new Error(line === undefined ? `it exited with code ${code} and printed nothing` : line.trim().slice(0, 300));
}
