import { describe, expect, it } from 'vitest';
import { launchedCompanions } from './launched-companions.ts';

const command = ['llama-server', '--model', '/m.gguf', '--mmproj', '/p.gguf', '--lora', '/a.gguf'];

describe('the companions of a launch', () => {
  it('are the projector and the adapter that the server has found', () => {
    expect(launchedCompanions({ effective_command: command }, {})).toEqual([
      { kind: 'projector', file: '/p.gguf' },
      { kind: 'adapter', file: '/a.gguf' },
    ]);
    expect(launchedCompanions({ effective_command: command.slice(0, 3) }, {})).toEqual([]);
  });

  it('are none that the user has named', () => {
    const settings = { options: { mmproj: '/p.gguf' }, extra_args: ['--lora', '/a.gguf'] };
    expect(launchedCompanions({ effective_command: command }, settings)).toEqual([]);
  });
});
