import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A process that uses a GPU. */
export interface GpuProcess {
  pid: number;
  gpu: number;
  /** MiB. */
  memory: number;
}

/** A GPU as the tool reports it. */
export interface FakeGpu {
  name: string;
  /** MiB. */
  total: number;
  /** MiB. */
  used: number;
  /** 0–100. */
  load: number;
}

/** The tool of NVIDIA as a program on disk, for the real llamactl in a process of its own. */
export class FakeNvidiaSmi {
  /** The folder of the program, for PATH. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param folder A folder of the test, which the caller deletes. */
  static async create(folder: string, gpus: readonly FakeGpu[]): Promise<FakeNvidiaSmi> {
    await mkdir(folder, { recursive: true });
    const fake = new FakeNvidiaSmi(folder);
    const rows = gpus.map(({ name, total, used, load }, index) =>
      [index, name, total, used, load, 40 + index, 30.5 + index].join(', '),
    );
    await fake.#write('gpus', rows);
    await fake.#write(
      'list',
      gpus.map(({ name }, index) => `GPU ${index}: ${name} (UUID: ${uuidOf(index)})`),
    );
    await fake.use([]);
    const script = `#!/bin/sh
case "$1" in
  -L) cat '${folder}/list' ;;
  --query-gpu=*) cat '${folder}/gpus' ;;
  *) cat '${folder}/processes' ;;
esac
`;
    await writeFile(path.join(folder, 'nvidia-smi'), script, { mode: 0o755 });
    return fake;
  }

  /** Replaces the processes that use the GPUs. */
  async use(processes: readonly GpuProcess[]): Promise<void> {
    await this.#write(
      'processes',
      processes.map(({ pid, gpu, memory }) => `${pid}, ${memory}, ${uuidOf(gpu)}`),
    );
  }

  /** A reader never gets half of a file. */
  async #write(name: string, rows: readonly string[]): Promise<void> {
    const file = path.join(this.folder, name);
    await writeFile(`${file}.new`, `${rows.join('\n')}\n`);
    await rename(`${file}.new`, file);
  }
}

function uuidOf(index: number): string {
  return `GPU-0000000${index}`;
}
