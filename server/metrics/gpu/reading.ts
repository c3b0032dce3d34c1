import type { Gpu } from '@llamactl/contract/system';
import type { ToolResult } from '../ports.ts';

/** What one vendor's tool told at one moment. */
export interface GpuReading {
  gpus: readonly Gpu[];
  /** Memory on all of its GPUs by pid, bytes; `null`: it knows the process but not its memory. */
  memoryByPid: ReadonlyMap<number, number | null>;
}

/** Calls a tool with arguments; rejects when it does not end in time. */
export type CallTool = (args: readonly string[]) => Promise<ToolResult>;

/** One vendor's tool and how it is read. */
export interface GpuTool {
  vendor: Gpu['vendor'];
  /** Where it may be, by name or path, in the order of preference. */
  commands: readonly string[];
  /**
   * Asks it everything. It may keep in `memory` what does not change while the tool stays the same.
   *
   * @throws {Error} one sentence that repeats the tool's own, when it tells nothing
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
 * A figure as tools write it: a number, `"42.0"`, `"42 %"`, `{ "value": 42, "unit": "%" }`; `null` for everything else:
 * `[N/A]`, `N/A (Secondary die)`, `[Not Supported]`, `ERR!`.
 */
export function figure(told: unknown): number | null {
  return measure(told)?.value ?? null;
}

/** A figure of memory in bytes. @param unit What is meant where none is written; these tools mean 1 024 by K. */
export function memory(told: unknown, unit: keyof typeof BYTES_OF): number | null {
  const measured = measure(told);
  if (measured === null) return null;
  const factor = BYTES_OF[(measured.unit ?? unit).toUpperCase()];
  return factor === undefined ? null : Math.round(measured.value * factor);
}

function measure(told: unknown): { value: number; unit: string | null } | null {
  if (typeof told === 'object' && told !== null && 'value' in told) {
    const inner = measure(told.value);
    const unit = 'unit' in told && typeof told.unit === 'string' && told.unit !== '' ? told.unit : null;
    return inner && { value: inner.value, unit: unit ?? inner.unit };
  }
  if (typeof told === 'number') return Number.isFinite(told) && told >= 0 ? { value: told, unit: null } : null;
  if (typeof told !== 'string') return null;
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z%]*)\s*$/.exec(told);
  return match === null ? null : { value: Number(match[1]), unit: match[2] || null };
}

/** Adds up what a process has on several GPUs; what is not known of one is not known of all. */
export function addMemory(sums: Map<number, number | null>, pid: number, bytes: number | null): void {
  const before = sums.get(pid);
  if (before === undefined) sums.set(pid, bytes);
  else sums.set(pid, before === null || bytes === null ? null : before + bytes);
}

/**
 * The JSON text in a tool's output, which may have warnings around it; `null`: there is none.
 *
 * @throws {Error} when what looks like JSON is none
 */
export function jsonIn(text: string): unknown {
  // a warning may hold a bracket, but none of those tools begins a line of words with one
  const start = text.search(/^\s*[[{]/m);
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return start === -1 || end < start ? null : (JSON.parse(text.slice(start, end + 1)) as unknown);
}

/** The object behind a key; empty where there is another thing, such as `"N/A"`. */
export function section(of: unknown, key: string): Readonly<Record<string, unknown>> {
  const inner = asObject(of)[key];
  return asObject(inner);
}

/** Something as an object, empty when it is none. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

/** The error of a tool that told nothing: its first line of words. */
export function silence({ code, stdout, stderr }: ToolResult): Error {
  const line = `${stderr}\n${stdout}`.split('\n').find((each) => each.trim() !== '');
  return new Error(line === undefined ? `it ended with code ${code} and said nothing` : line.trim().slice(0, 300));
}
