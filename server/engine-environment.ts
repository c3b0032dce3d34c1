import path from 'node:path';
import { inheritedEnvironment, type Environment } from './config/env.ts';

/** Returns the environment that engines inherit. The folder in which `quickstart` installs engines comes last on PATH. */
export function engineEnvironment(environment: Environment, dataDirectory: string): Record<string, string> {
  const inherited = inheritedEnvironment(environment);
  const installed = path.join(dataDirectory, 'engines', 'llama_cpp');
  return { ...inherited, PATH: [inherited['PATH'], installed].filter(Boolean).join(path.delimiter) };
}
