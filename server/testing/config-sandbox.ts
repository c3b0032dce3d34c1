import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ApiError } from '@llamactl/contract/errors';
import { ConfigError } from '../config/config-error.ts';
import { createConfigEditor } from '../config/config-editor.ts';
import type { ConfigEditor } from '../config/config-editor.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigRequest, LoadedConfig } from '../config/load.ts';
import type { ReplaceFile } from '../config/replace-file.ts';

/** A configuration file with comments, quotes, both YAML styles, secrets, and a section without a value. */
export const CONFIG_FILE = `# Mine.
server:
  port: 9000 # not 8080
  base_path: "/llm"

models:
  dirs:
    - ~/m # small ones
    - /srv/m
  hf_token: hf_secret
engines:
  llama_cpp:
    environment: { HF_HOME: /x, EMPTY: "" }
  mine:
    kind: custom
    command: ./serve
alerts: { webhook: 'https://host.example/hook' }
instances:
`;

/** A temporary home, working directory and `/etc` from which a configuration is loaded. */
export class ConfigSandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'llamactl-config-'));
  readonly home = join(this.folder, 'home');
  readonly cwd = join(this.folder, 'work');
  readonly systemFolder = join(this.folder, 'etc');
  /** The user who runs the test. */
  readonly uid = process.getuid?.() ?? 0;

  constructor() {
    for (const path of [this.home, this.cwd, this.systemFolder]) mkdirSync(path);
  }

  /** Loads a configuration; only `request` sets anything. */
  load(request: Partial<ConfigRequest> = {}): LoadedConfig {
    const { home, cwd, uid, systemFolder } = this;
    const nothing = { configFile: null, overrides: {}, environment: {}, searchLocal: false };
    return loadConfig({ ...nothing, home, cwd, uid, systemFolder, ...request });
  }

  /** The editor of a llamactl that starts now. */
  editor(request: Partial<ConfigRequest> = {}, replaceFile?: ReplaceFile): ConfigEditor {
    return createConfigEditor(this.load(request).origin, replaceFile);
  }

  /** The problems with which loading fails. */
  problems(request: Partial<ConfigRequest> = {}): readonly string[] {
    try {
      this.load(request);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    throw new Error('It loaded.');
  }

  /** Writes a file and its parent folders, and returns its path. */
  write(path: string, text: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** Writes the configuration file of the home directory. */
  inHome(text: string): string {
    return this.write(join(this.home, '.config/llamactl/config.yaml'), text);
  }

  /** Writes the configuration file of the working directory. */
  local(text: string): string {
    return this.write(join(this.cwd, 'llamactl.yaml'), text);
  }

  /** Writes the configuration file of the system. */
  inSystem(text: string): string {
    return this.write(join(this.systemFolder, 'llamactl/config.yaml'), text);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** The error with which an update of the configuration is refused. */
export async function refusalOf(editor: ConfigEditor, patch: Record<string, unknown>): Promise<ApiError> {
  const error: unknown = await editor.update(patch).then(
    () => new Error('It was taken.'),
    (reason: unknown) => reason,
  );
  if (error instanceof ApiError) return error;
  throw error;
}
