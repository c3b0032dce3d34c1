import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool, ToolError } from '@llamactl/cli/quickstart/run-tool';
import { goEnvironment } from '../scripts/go-install.ts';
import { CACHE } from '../scripts/test-assets.ts';

/** What a tool of Go said. */
export interface Said {
  code: number | null;
  text: string;
}

/** How a test of Go ended, and what it printed. */
export interface GoResult {
  outcome: 'pass' | 'fail' | 'skip';
  output: string;
}

/** A folder with a module of Go, and the tools for it. */
export class GoModule {
  readonly #folder: string;
  readonly #bin: string;
  readonly #environment: Record<string, string | undefined>;

  /** @param program The `go` that it is built with. */
  constructor(folder: string, program: string) {
    this.#folder = folder;
    this.#bin = path.dirname(program);
    this.#environment = goEnvironment(CACHE);
  }

  /** The names of its tests, by their source. */
  static async testsIn(folder: string): Promise<string[]> {
    const files = (await readdir(folder)).filter((name) => name.endsWith('_test.go'));
    const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
    return texts.flatMap((text) => [...text.matchAll(/^func (Test\w+)\(/gm)].map(([, name = '']) => name)).toSorted();
  }

  /**
   * Lets the compiler leave out what makes programs fast, and the C library: compiling everything takes 35 s of processor time
   * instead of 51 s.
   */
  compileQuickly(): void {
    this.#environment['CGO_ENABLED'] = '0';
    this.#environment['GOFLAGS'] += " '-gcflags=all=-N -l'";
  }

  /** Lets all tools that follow watch for data races. @returns whether that can be: it takes a C compiler */
  async watchRaces(): Promise<boolean> {
    const { text } = await this.run('go', ['env', 'CC']);
    try {
      await runTool(text.trim(), ['--version'], { environment: this.#environment });
    } catch (error) {
      this.#environment['CGO_ENABLED'] = '0';
      return error instanceof ToolError ? false : Promise.reject(error);
    }
    this.#environment['GOFLAGS'] += ' -race';
    return true;
  }

  /** Runs a tool of Go to its end. */
  async run(
    tool: 'go' | 'gofmt',
    words: readonly string[],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<Said> {
    const child = spawn(path.join(this.#bin, tool), words, {
      cwd: this.#folder,
      env: { ...this.#environment, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (each) => (text += each));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, text };
  }

  /**
   * Runs its tests whose names match `pattern`.
   *
   * @returns how each ended, by its name, and what was said beside that
   */
  async test(
    pattern: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<Said & { results: Map<string, GoResult> }> {
    // They are vetted by a run of its own.
    const words = ['test', '-vet=off', '-json', '-count=1', '-timeout=150s', '-run', pattern, './...'];
    const { code, text } = await this.run('go', words, variables);
    const results = new Map<string, GoResult>();
    const outputs = new Map<string, string>();
    let rest = '';
    for (const line of text.split('\n')) {
      const event = line.startsWith('{') ? (JSON.parse(line) as GoEvent) : { Output: `${line}\n` };
      const test = event.Test?.split('/')[0];
      if (test === undefined) rest += event.Output ?? '';
      else outputs.set(test, `${outputs.get(test) ?? ''}${event.Output ?? ''}`);
      const { Action: action } = event;
      if (test !== undefined && test === event.Test && (action === 'pass' || action === 'fail' || action === 'skip')) {
        results.set(test, { outcome: action, output: outputs.get(test) ?? '' });
      }
    }
    return { code, text: rest, results };
  }
}

/** A line of `go test -json`, as far as it is read. */
interface GoEvent {
  Action?: string;
  /** With the names of subtests behind slashes. */
  Test?: string;
  Output?: string;
}
