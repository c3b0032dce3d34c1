import { describe, expect, it } from 'vitest';
import { newSettings } from '../instances/settings/settings.ts';
import { parseHelp } from './flags.ts';
import { contextArguments, type ContextLaunch, contextObstacle } from './llama-cpp-context.ts';

const LAUNCH: ContextLaunch = {
  launcherArguments: [],
  environment: {},
  catalogue: parseHelp('--slot-save-path PATH  path to save slot kv cache'),
  isContainer: false,
};
const KEEPS = newSettings({ keep_context: 'auto' });

it('an instance that keeps its context gets its folder', () => {
  expect(contextArguments(KEEPS, LAUNCH, '/c')).toEqual(['--slot-save-path', '/c']);
  expect(contextArguments(newSettings({}), LAUNCH, '/c')).toEqual([]);
  expect(contextArguments(newSettings({ keep_context: 'auto', isolated: true }), LAUNCH, '/c')).toEqual([]);
});

describe('the context is not kept', () => {
  it.each([
    ['with the option of the user', { ...KEEPS, options: { slot_save_path: '/own' } }, LAUNCH],
    ['with the argument of the user', { ...KEEPS, extra_args: ['--slot-save-path', '/own'] }, LAUNCH],
    ['with the argument of the configuration', KEEPS, { ...LAUNCH, launcherArguments: ['--slot-save-path', '/own'] }],
    ['with the variable', KEEPS, { ...LAUNCH, environment: { LLAMA_ARG_SLOT_SAVE_PATH: '/own' } }],
    ['in a container', KEEPS, { ...LAUNCH, isContainer: true }],
    ['by an engine without the flag', KEEPS, { ...LAUNCH, catalogue: parseHelp('--port PORT  port') }],
    ['by an engine with unknown flags', KEEPS, { ...LAUNCH, catalogue: null }],
  ])('%s', (_when, settings, launch) => {
    expect(contextArguments(settings, launch, '/c')).toEqual([]);
    expect(contextObstacle(settings, launch)).toEqual(expect.any(String));
  });
});
