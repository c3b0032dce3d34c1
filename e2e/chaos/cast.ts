import type { CreateInstance } from '@llamactl/client';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { testModel } from '../../scripts/test-assets.ts';
import { fakeEngineCommand } from '../../server/testing/fake-engine.ts';

/** Who plays in the chaos: more instances than slots, some with engines that misbehave. */

/** Runs that may live at once. */
export const MOST_RUNNING = 3;
/** Names of the instances. */
export const NAMES = ['first', 'second', 'third', 'frail', 'family', 'stubborn', 'slow', 'broken'] as const;
export type Name = (typeof NAMES)[number];
/** Those whose engine is the real one. */
export const REAL = ['first', 'second', 'third', 'frail'] as const satisfies Name[];

/** An instance, and what is known of it. */
export interface Role {
  settings: CreateInstance;
  /** All that it ever says. */
  sentence: string;
  /** It never becomes ready. */
  isHopeless: boolean;
}

/** Seconds that requests may take to finish when nothing else is said. */
export const STOP_TIMEOUT = 3;
/** Idle timeout of some instances, in seconds. */
export const IDLE_TIMEOUT = 1;

/** Variables for the server: so that nothing takes long, and its file may say what it likes of the rest. */
export const ENVIRONMENT = [
  `LLAMACTL_INSTANCES_MAX_RUNNING=${MOST_RUNNING}`,
  `LLAMACTL_INSTANCES_STOP_TIMEOUT=${STOP_TIMEOUT}`,
  'LLAMACTL_INSTANCES_START_TIMEOUT=10',
  'LLAMACTL_INSTANCES_MAX_RESTARTS=3',
];

const FAKE_WORDS = 'Hello from a fake engine';

/** The configuration file, which says by a mark which edit of it was the last. */
export function configuration(mark: number): string {
  const [node, program] = fakeEngineCommand();
  const fake = { kind: 'custom', command: node, args: [program, '--port', '${PORT}'] };
  // A shell that ends with its engine, and leaves a process of its group and one of another session, as the engine does.
  const script = `sleep 1000000 & setsid sleep 1000000 & "$0" "$1" --port "$2" --spawn-grandchild "\${@:3}"; exit`;
  const shell = { kind: 'custom', command: 'bash', args: ['-c', script, node, program, '${PORT}'] };
  return [
    '# This comment stays.',
    `engines: ${JSON.stringify({ fake, shell })}`,
    'gateway: { loading_keepalive: 1 }',
    `groups: { mark: { max_running: ${mark} } }`,
    '',
  ].join('\n');
}

export async function roles(): Promise<Record<Name, Role>> {
  const model_path = await testModel();
  const real = (name: Name, settings: Partial<CreateInstance>): Role => ({
    settings: {
      name,
      model_path,
      options: { threads: 1, ctx_size: 256, parallel: 2, context_shift: true },
      ...settings,
    },
    sentence: DEMO_SENTENCE,
    isHopeless: false,
  });
  const fake = (name: Name, fives: number, settings: Partial<CreateInstance>): Role => ({
    settings: {
      name,
      engine: 'fake',
      ...settings,
      extra_args: ['--tokens', String(5 * fives), '--token-ms', '10', ...(settings.extra_args ?? [])],
    },
    sentence: FAKE_WORDS.repeat(fives),
    isHopeless: false,
  });
  return {
    first: real('first', { max_restarts: -1 }),
    second: real('second', { idle_timeout: IDLE_TIMEOUT }),
    third: real('third', { concurrency: 2, queue_limit: 3 }),
    frail: real('frail', { auto_restart: false, idle_timeout: IDLE_TIMEOUT }),
    family: fake('family', 2, { engine: 'shell' }),
    stubborn: fake('stubborn', 3, { idle_timeout: IDLE_TIMEOUT, extra_args: ['--hang-on-sigterm'] }),
    slow: fake('slow', 4, { idle_timeout: IDLE_TIMEOUT, extra_args: ['--load-ms', '700'] }),
    broken: { ...fake('broken', 1, { extra_args: ['--crash-on-load'] }), isHopeless: true },
  };
}
