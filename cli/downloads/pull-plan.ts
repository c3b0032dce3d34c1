import type { Client, Quant, QuantList } from '@llamactl/client';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { bytes } from '../../format/figures.ts';
import { plain } from '../screen/text.ts';

/** The files of a download that has not begun. */
export interface PullPlan {
  list: QuantList;
  quant: Quant;
  /** Bytes of all files. */
  total: number;
}

/** Most files that are listed. */
const MOST_FILES = 6;

const SOURCES: Readonly<Record<QuantList['source'], string>> = {
  hub: 'the hub',
  modelscope: 'ModelScope',
  ollama: "Ollama's registry",
  docker: 'Docker Hub',
  url: 'its web server',
};

/** Asks the source of a reference for its files. */
export async function pullPlan(
  client: Pick<Client, 'listQuants'>,
  reference: string,
  { revision, signal }: { revision?: string | undefined; signal: AbortSignal },
): Promise<PullPlan> {
  const list = await client.listQuants(reference, { revision, signal });
  const quant = list.quants.find(({ chosen }) => chosen);
  if (quant === undefined) throw new Problem(`${reference} names no model`, EXIT.notFound);
  return { list, quant, total: filesOf(quant).reduce((sum, { size }) => sum + size, 0) };
}

/** The plan for a person: files, sizes, source and target. */
export function planText({ list, quant, total }: PullPlan): string[] {
  const files = filesOf(quant);
  const shown = files.slice(0, MOST_FILES);
  const width = Math.max(...shown.map(({ size }) => bytes(size).length));
  const { license, gated, folder, source, memory } = list;
  return [
    `${plain(quant.reference)}  ${bytes(total)}`,
    ...shown.map(({ path, size }) => `  ${bytes(size).padStart(width)}  ${plain(path)}`),
    ...(files.length > shown.length ? [`  … and ${files.length - shown.length} more files`] : []),
    `from ${SOURCES[source]}, into ${plain(folder)}`,
    ...(license === null ? [] : [`license: ${plain(license)}`]),
    ...(gated ? ['gated: needs a token of an account that accepted the conditions'] : []),
    ...(quant.fits === 'no'
      ? [`warning: needs about ${bytes(quant.memory_needed)}, more than the ${bytes(memory.total)} of this machine`]
      : []),
  ];
}

function filesOf({ files, companions }: Quant): { path: string; size: number }[] {
  return [...files, ...companions];
}
