import { describe, expect, it } from 'vitest';
import { ownProgram } from './own-program.ts';

const flags = { execArgv: ['--flag'], execPath: '/opt/node' };

describe('this program', () => {
  it('is Node, with its flags and the file that it runs', () => {
    const started = { ...flags, argv: ['/opt/node', '/opt/llamactl/main.js', 'serve'] };
    expect(ownProgram(started, false)).toEqual({
      command: '/opt/node',
      argv: ['--flag', '/opt/llamactl/main.js'],
      script: '/opt/llamactl/main.js',
    });
  });

  it('is the single executable alone, whatever it was called by', () => {
    const started = { ...flags, execPath: '/opt/llamactl', argv: ['/opt/llamactl', './llamactl', 'serve'] };
    expect(ownProgram(started, true)).toEqual({ command: '/opt/llamactl', argv: [], script: null });
  });
});
