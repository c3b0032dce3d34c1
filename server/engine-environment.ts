import path from 'node:path';
import { inheritedEnvironment, type Environment } from './config/env.ts';

/** The part of our environment that engines inherit. What `quickstart` installed is found after everything that is on PATH. */
export function engineEnvironment(environment: Environment, dataDirectory: string): Record<string, string> {
  const inherited = inheritedEnvironment(environment);
  const installed = path.join(dataDirectory, 'engines', 'llama_cpp');
  return { ...inherited, PATH: [inherited['PATH'], installed].filter(Boolean).join(path.delimiter) };
}
