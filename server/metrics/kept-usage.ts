import { z } from 'zod';
import type { Sliced, SlicedWork } from '../sliced-work.ts';
import { packText, unpackText } from './packed-text.ts';
import type { UsageCell } from './usage-level.ts';
import type { KeptUsage } from './usage-ledger.ts';

/**
 * The form in which usage is kept over a restart: compressed lines of JSON, some ten bytes for each cell. The first line says
 * how many cells each level has. A file that cannot be read, or is of another version, counts as missing. 50 000 cells took
 * 65 ms to write and 230 ms to read in one piece, so both pause in between.
 */
const VERSION = 1;

/** Cells that are written or read between two pauses: a third of a millisecond. */
const AT_ONCE = 50;

const id = z.string().nullable();
const count = z.number();
const RowSchema = z.tuple([count, id, id, id, count, count, count, count, count, count]);
const NamesSchema = z.array(z.tuple([z.string(), z.string()]));
const HeadSchema = z.object({
  version: z.literal(VERSION),
  begun: z.number(),
  names: z.object({ key: NamesSchema, user: NamesSchema, instance: NamesSchema }),
  levels: z.array(z.object({ seconds: z.number(), completeSince: z.number(), cells: z.int().min(0) })),
});

/** The bytes of the file. */
export async function packedUsage(kept: KeptUsage, work: SlicedWork): Promise<Buffer> {
  return packText(await work.run(textOf(kept), null));
}

/** `null`: the bytes are no usage of this version. */
export async function unpackedUsage(bytes: Buffer, work: SlicedWork): Promise<KeptUsage | null> {
  const text = await unpackText(bytes);
  return text === null ? null : work.run(usageIn(text.split('\n')), null);
}

function* textOf({ begun, names, levels }: KeptUsage): Sliced<string> {
  const heads = levels.map(({ cells, ...level }) => ({ ...level, cells: cells.length }));
  let text = JSON.stringify({ version: VERSION, begun, names, levels: heads });
  for (const [index, cell] of levels.flatMap(({ cells }) => cells).entries()) {
    text += `\n${JSON.stringify(rowOf(cell))}`;
    if (index % AT_ONCE === 0) yield;
  }
  return text;
}

function* usageIn(lines: readonly string[]): Sliced<KeptUsage | null> {
  const head = parsedLine(HeadSchema, lines[0]);
  if (head === null) return null;
  let at = 0;
  const levels: KeptUsage['levels'] = [];
  for (const { cells: count, ...level } of head.levels) {
    const cells: UsageCell[] = [];
    while (cells.length < count) {
      at += 1;
      const row = parsedLine(RowSchema, lines[at]);
      if (row === null) return null;
      cells.push(cellOf(row));
      if (at % AT_ONCE === 0) yield;
    }
    levels.push({ ...level, cells });
  }
  return { begun: head.begun, names: head.names, levels };
}

function parsedLine<Value>(schema: z.ZodType<Value>, line: string | undefined): Value | null {
  try {
    return schema.safeParse(JSON.parse(line ?? '')).data ?? null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function rowOf(cell: UsageCell): z.infer<typeof RowSchema> {
  const { step, account, key, instance, requests, refused, failed, tokensIn, tokensOut, last } = cell;
  return [step, account, key, instance, requests, refused, failed, tokensIn, tokensOut, last];
}

function cellOf(row: z.infer<typeof RowSchema>): UsageCell {
  const [step, account, key, instance, requests, refused, failed, tokensIn, tokensOut, last] = row;
  return { step, account, key, instance, requests, refused, failed, tokensIn, tokensOut, last };
}
