import { gunzip, gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { UsageCell } from './usage-level.ts';
import type { KeptUsage } from './usage-ledger.ts';

/**
 * The form in which usage is kept over a restart: compressed JSON, some ten bytes for each cell. A file that cannot be
 * read, or is of another version, counts as missing.
 */
const VERSION = 1;

const compress = promisify(gzip);
const expand = promisify(gunzip);

const id = z.string().nullable();
const count = z.number();
const RowSchema = z.tuple([count, id, id, id, count, count, count, count, count, count]);
const NamesSchema = z.array(z.tuple([z.string(), z.string()]));
const FileSchema = z.object({
  version: z.literal(VERSION),
  begun: z.number(),
  names: z.object({ key: NamesSchema, user: NamesSchema, instance: NamesSchema }),
  levels: z.array(z.object({ seconds: z.number(), completeSince: z.number(), cells: z.array(RowSchema) })),
});

/** The bytes of the file. */
export async function packedUsage({ begun, names, levels }: KeptUsage): Promise<Buffer> {
  const rows = levels.map(({ cells, ...level }) => ({ ...level, cells: cells.map(rowOf) }));
  return compress(JSON.stringify({ version: VERSION, begun, names, levels: rows }));
}

/** `null`: the bytes are no usage of this version. */
export async function unpackedUsage(bytes: Buffer): Promise<KeptUsage | null> {
  const { success, data } = FileSchema.safeParse(await unpacked(bytes));
  if (!success) return null;
  const { begun, names, levels } = data;
  return { begun, names, levels: levels.map(({ cells, ...level }) => ({ ...level, cells: cells.map(cellOf) })) };
}

async function unpacked(bytes: Buffer): Promise<unknown> {
  try {
    return JSON.parse((await expand(bytes)).toString()) as unknown;
  } catch {
    // whatever is wrong with it: counting begins with nothing
    return null;
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
