import type { Surroundings } from '../surroundings.ts';

/** The server that `llamactl up` would start, as the configuration describes it. */
export interface ExpectedServer {
  /** Absolute. */
  dataDirectory: string;
  /** Its address on this machine. */
  url: string;
  /** Absolute path of the configuration file; `null`: none. */
  file: string | null;
}

/**
 * Reads the configuration for the server that should run here. `null`: the configuration has errors, which `llamactl
 * up` and `llamactl doctor` report.
 *
 * Call it only if no server is found without it, because it has to load the code that reads the configuration.
 */
export async function expectedServer(user: Pick<Surroundings, 'environment' | 'home'>): Promise<ExpectedServer | null> {
  const { ConfigError, readConfig } = await import('@llamactl/server/read-config');
  try {
    const { config, file } = readConfig({ configFile: null, overrides: {}, searchLocal: false, user });
    return { dataDirectory: config.data_dir, url: urlOf(config.server), file };
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

function urlOf({ host, port }: { host: string; port: number }): string {
  const isUnspecified = host === '0.0.0.0' || host === '::' || host === 'localhost';
  const name = isUnspecified ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
