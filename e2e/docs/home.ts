import { chmod, copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { PortBlock } from '@llamactl/server/testing/port-block';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { endProcessesOf } from '../home-processes.ts';
import { launcherFlags } from '../launcher-flags.ts';
import { COMPILED, MAIN } from '../program.ts';

/** Where the configuration is, from the home directory. */
const CONFIGURATION = '.config/llamactl/config.yaml';

/**
 * The home directory of a reader who follows a page: empty but for the programs and models that the page takes for granted, which are
 * `llamactl` and `llama-server` on PATH, and for each `….gguf` that it names the demo model.
 */
export class Home {
  readonly path: string;
  /** What 8080 stands for on a page. */
  readonly port: number;
  readonly #ports: PortBlock;

  private constructor(folder: string, ports: PortBlock) {
    this.path = folder;
    this.port = ports.next();
    this.#ports = ports;
  }

  /** @param page Whose models are to be there. */
  static async make(page: string): Promise<Home> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-docs-'));
    const home = new Home(folder, await PortBlock.take());
    for (const each of ['bin', 'models', 'work']) await mkdir(path.join(folder, each));
    await home.#writePrograms();
    await home.#writeModels(page);
    await home.#writeConfiguration('');
    return home;
  }

  /** Where commands are run. */
  get work(): string {
    return path.join(this.path, 'work');
  }

  get environment(): Record<string, string> {
    return {
      HOME: this.path,
      PATH: [path.join(this.path, 'bin'), path.dirname(testEngine()), process.env['PATH'] ?? ''].join(':'),
      EDITOR: 'true',
      LANG: 'C.UTF-8',
      NODE_COMPILE_CACHE: COMPILED,
    };
  }

  /** Commands as they are run: with our ports, and models in the home directory. */
  adapted(text: string): string {
    return text
      .replaceAll(/\b8080\b/g, String(this.port))
      .replaceAll(/\b8081\b/g, String(this.#ports.range[1]))
      .replaceAll(/(?<![\w~.])\/models\/(?=[\w.-]+\.gguf)/g, `${this.path}/models/`);
  }

  /**
   * Has a file of the page be there when it is its turn; the configuration is there at once, with our ports and loopback.
   *
   * @param name From the home directory (`~/…`), or from where commands are run.
   * @param number Of the block.
   * @returns the commands that put it there
   */
  async writeFile(name: string, text: string, number: number): Promise<string> {
    if (name === `~/${CONFIGURATION}`) {
      await this.#writeConfiguration(text);
      return '';
    }
    await writeFile(path.join(this.path, `file-${number}`), this.adapted(text), { mode: 0o600 });
    const place = name.startsWith('~/') ? `"$HOME/${name.slice(2)}"` : `"${name}"`;
    return `mkdir -p "$(dirname ${place})" && cp "$HOME/file-${number}" ${place}`;
  }

  async #writeConfiguration(text: string): Promise<void> {
    const file = path.join(this.path, CONFIGURATION);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, this.#configuration(text), { mode: 0o600 });
  }

  #configuration(text: string): string {
    const given = (parse(text) ?? {}) as Record<string, object>;
    return stringify({
      ...given,
      server: { ...given['server'], host: '127.0.0.1', port: this.port },
      instances: { ...given['instances'], port_range: [this.#ports.range[0], this.#ports.range[1] - 1] },
      rate_limit: { enabled: false, ...given['rate_limit'] },
    });
  }

  /** Ends every process whose home this is, and removes it. */
  async dispose(): Promise<void> {
    await endProcessesOf(this.path);
    this.#ports.release();
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }

  async #writePrograms(): Promise<void> {
    const node = [process.execPath, ...launcherFlags(), MAIN].join(' ');
    const endless = '-f | --follow | -w | --watch | events';
    await this.#writeProgram('llamactl', node, endless);
    await this.#writeProgram('curl', await whichCurl(), '-N');
    // A refusal is a failure.
    await writeFile(path.join(this.path, '.curlrc'), 'fail-with-body\nno-progress-meter\nshow-error\n');
    // From a checkout it is ./llamactl.
    await symlink(path.join(this.path, 'bin', 'llamactl'), path.join(this.work, 'llamactl'));
  }

  /** A program that is ended when it has said something, if it is given a word by which it would go on for ever. */
  async #writeProgram(name: string, command: string, endless: string): Promise<void> {
    const file = path.join(this.path, 'bin', name);
    const script = `#!/bin/bash
for word; do
  case $word in ${endless}) endless=yes ;; esac
done
[ -n "\${endless-}" ] || exec ${command} "$@"
coproc program { exec ${command} "$@"; }
pid=$program_PID
IFS= read -r -t 20 line <&"\${program[0]}" || { echo "it said nothing: ${name} $*" >&2; kill "$pid"; exit 1; }
printf '%s\\n' "$line"
kill "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true
`;
    await writeFile(file, script);
    await chmod(file, 0o755);
  }

  async #writeModels(page: string): Promise<void> {
    const demo = path.join(this.path, 'models', 'demo.gguf');
    await copyFile(await testModel(), demo);
    for (const name of new Set([...page.matchAll(/[\w.-]+\.gguf\b/g)].map(([name]) => name))) {
      for (const folder of ['models', 'work'])
        // No links: llamactl lists a file with several names once.
        await copyFile(demo, path.join(this.path, folder, name));
    }
  }
}

async function whichCurl(): Promise<string> {
  for (const folder of (process.env['PATH'] ?? '').split(':')) {
    if ((await readdir(folder).catch((): string[] => [])).includes('curl')) return path.join(folder, 'curl');
  }
  throw new Error('the pages need curl, and there is none on PATH');
}
