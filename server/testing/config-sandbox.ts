import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigRequest, LoadedConfig } from '../config/load.ts';

/** A home, a working directory and an `/etc` of its own, in which a configuration is loaded. */
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

  /** Loads with nothing set but what `request` sets. */
  load(request: Partial<ConfigRequest> = {}): LoadedConfig {
    const { home, cwd, uid, systemFolder } = this;
    const nothing = { configFile: null, overrides: {}, environment: {}, searchLocal: false };
    return loadConfig({ ...nothing, home, cwd, uid, systemFolder, ...request });
  }

  /** The problems that loading ends with. */
  problems(request: Partial<ConfigRequest> = {}): readonly string[] {
    try {
      this.load(request);
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
    throw new Error('It loaded.');
  }

  /** Writes a file, and the folders above it; its path. */
  write(path: string, text: string): string {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o644 });
    return path;
  }

  /** The file of the home directory. */
  inHome(text: string): string {
    return this.write(join(this.home, '.config/llamactl/config.yaml'), text);
  }

  /** The file of the working directory. */
  local(text: string): string {
    return this.write(join(this.cwd, 'llamactl.yaml'), text);
  }

  /** The file of the system. */
  inSystem(text: string): string {
    return this.write(join(this.systemFolder, 'llamactl/config.yaml'), text);
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true });
  }
}
