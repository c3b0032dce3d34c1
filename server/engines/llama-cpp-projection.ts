import { z } from 'zod';
import type { FittedProjection, MemoryProjection } from '../instances/ports/memory-projection.ts';

/** The engine's figures are whole mebibytes. */
const MEBIBYTE = 1_048_576;
const RAM = 'ram';

/** A row of llama-server's table of memory, of build 11669. */
interface Row {
  device: string;
  model: number;
  context: number;
  compute: number;
}

const JsonRowSchema = z.object({
  kind: z.string(),
  name: z.string(),
  model: z.number(),
  context: z.number(),
  compute: z.number(),
});
/** A line of `--log-jsonl`. */
const JsonLineSchema = z.object({
  type: z.literal('fit_memory_breakdown'),
  data: z.object({ unit: z.literal('MiB'), rows: z.array(JsonRowSchema) }),
});

/** Logged when the options are settled, before weights are read; and that all are as given, or as large as the engine would like. */
const SETTLED = /common_fit_params: fitting params to free memory took\b/;
const UNCHANGED = /common_params_fit_impl: .*\bno changes needed\b/;

const TITLE = /common_memory_breakdown_print: \| memory breakdown \[MiB\]/;
/** `|   - Host | 200 = 92 + 90 + 18 |`, and of a GPU `|   - CUDA0 (RTX 4090) | 24080 = 9436 + (14193 = 13169 + 128 + 896) + 451 |`. */
const ROW =
  /common_memory_breakdown_print: \| {3}- (?<name>[^|(]*?) *(?:\([^|]*\) *)?\|(?<gpu> *\d+ = *\d+ \+ \()? *\d+ = *(?<model>\d+) \+ *(?<context>\d+) \+ *(?<compute>\d+)\b/;

/**
 * Reads the memory that llama-server reported, from the lines of its log: its text at verbosity 4, or lines of `--log-jsonl`.
 * It reports before it loads the model, again for each attempt to fit, and at its end. The last report is for the options
 * that it uses. `null`: it has not reported yet.
 */
export function llamaCppProjection(lines: Iterable<string>): MemoryProjection | null {
  let last: Row[] = [];
  let rows: Row[] = [];
  for (const line of lines) {
    if (TITLE.test(line)) rows = [];
    const row = textRow(line);
    if (row !== null) {
      rows.push(row);
      last = rows;
    }
    last = jsonRows(line) ?? last;
  }
  return last.length === 0 ? null : { devices: byDevice(last) };
}

/** Like {@link llamaCppProjection}, once the engine has settled its options. With `--fit off` it reports nothing. */
export function llamaCppFit(lines: readonly string[]): FittedProjection | null {
  const end = lines.findIndex((line) => SETTLED.test(line));
  if (end === -1) return null;
  const before = lines.slice(0, end);
  const projection = llamaCppProjection(before);
  return projection === null ? null : { ...projection, isReduced: !before.some((line) => UNCHANGED.test(line)) };
}

function textRow(line: string): Row | null {
  const { name, gpu, model, context, compute } = ROW.exec(line)?.groups ?? {};
  if (name === undefined) return null;
  return {
    device: gpu === undefined ? RAM : name,
    model: Number(model),
    context: Number(context),
    compute: Number(compute),
  };
}

function jsonRows(line: string): Row[] | null {
  if (!line.startsWith('{"type":"fit_memory_breakdown"')) return null;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  const parsed = JsonLineSchema.safeParse(value).data;
  return (
    parsed?.data.rows.map(({ kind, name, ...row }) => ({ ...row, device: kind === 'device' ? name : RAM })) ?? null
  );
}

/** Adds the rows of one device: weights in another order have a row of their own, such as `AMX`. */
function byDevice(rows: readonly Row[]): MemoryProjection['devices'] {
  return [...Map.groupBy(rows, ({ device }) => device)].map(([device, own]) => {
    const sum = (key: 'model' | 'context' | 'compute'): number =>
      own.reduce((total, row) => total + row[key], 0) * MEBIBYTE;
    return { device, weights: sum('model'), cache: sum('context'), compute: sum('compute') };
  });
}
