import type { CreateInstance } from '@llamactl/client';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { testModel } from '../../scripts/test-assets.ts';
import { fakeEngineCommand } from '../../server/testing/fake-engine.ts';

/** Who plays in the soak: more instances than slots, one group whose members never run together, and who asks them. */

/** An instance, and what is known of it. */
export interface Role {
  settings: CreateInstance;
  /** All that it ever says. */
  sentence: string;
  /** It can be asked to go on for long: it has an engine that understands `ignore_eos`. */
  isReal: boolean;
}

/** Engines that may live at once, of all and of the group. */
export const MOST_RUNNING = 2;
export const GROUP = { name: 'pair', mostRunning: 1 };
/** Names of the instances. */
export const INSTANCES = ['first', 'narrow', 'frail', 'slow', 'stubborn'] as const;
export type InstanceName = (typeof INSTANCES)[number];
/** Those whose engine is the real one. */
export const REAL_INSTANCES = ['first', 'narrow', 'frail'] as const satisfies InstanceName[];
/** Names of the keys with which requests are made. */
export const CALLERS = ['person', 'agent', 'script'] as const;
export type CallerName = (typeof CALLERS)[number];

const FAKE_WORDS = 'Hello from a fake engine';
const SLOW_TOKENS = 30;

/** The configuration that the instances need. `max_running` comes from the environment: see {@link ENVIRONMENT}. */
export function configuration(): string {
  const [node, program] = fakeEngineCommand();
  const fake = { kind: 'custom', command: node, args: [program, '--port', '${PORT}'] };
  return [
    'auth: { enabled: true }',
    `groups: { ${GROUP.name}: { max_running: ${GROUP.mostRunning} } }`,
    `engines: ${JSON.stringify({ fake })}`,
    // Streams that wait for a slot begin before there is an engine for them.
    'gateway: { loading_keepalive: 1 }',
    '',
  ].join('\n');
}

/** Variables for the server. */
export const ENVIRONMENT = [`LLAMACTL_INSTANCES_MAX_RUNNING=${MOST_RUNNING}`];

export async function roles(): Promise<Record<InstanceName, Role>> {
  const model_path = await testModel();
  const options = { threads: 1, ctx_size: 256, parallel: 2, context_shift: true };
  const real = (settings: Omit<CreateInstance, 'model_path' | 'options'>): Role => ({
    settings: { ...settings, model_path, options },
    sentence: DEMO_SENTENCE,
    isReal: true,
  });
  const fake = (settings: CreateInstance, tokens: number): Role => ({
    settings: { ...settings, engine: 'fake' },
    sentence: Array.from({ length: tokens / 5 }, () => FAKE_WORDS).join(''),
    isReal: false,
  });
  const timed = (tokens: number, milliseconds: number): string[] => [
    '--tokens',
    String(tokens),
    '--token-ms',
    String(milliseconds),
  ];
  return {
    first: real({ name: 'first', idle_timeout: 2, max_restarts: -1 }),
    narrow: real({ name: 'narrow', idle_timeout: 1, concurrency: 2, queue_limit: 3 }),
    frail: real({ name: 'frail', idle_timeout: 1, auto_restart: false, queue_limit: 20, group: GROUP.name }),
    slow: fake(
      {
        name: 'slow',
        idle_timeout: 1,
        queue_limit: 20,
        group: GROUP.name,
        extra_args: timed(SLOW_TOKENS, 20),
      },
      SLOW_TOKENS,
    ),
    // It keeps its slot for five seconds after the stop signal: no other instance may get the slot meanwhile.
    stubborn: fake({ name: 'stubborn', idle_timeout: 1, extra_args: ['--hang-on-sigterm', ...timed(5, 10)] }, 5),
  };
}
