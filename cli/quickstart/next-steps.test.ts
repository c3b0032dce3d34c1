import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { nextSteps } from './next-steps.ts';

const server = (port: number): { url: string; stop: string } => ({
  url: `http://127.0.0.1:${port}`,
  stop: 'llamactl down',
});

const onPath = { program: '/usr/bin/node', searchPath: '/usr/bin' };

describe('nextSteps', () => {
  it('prints two columns', () => {
    const steps = nextSteps(server(8080), onPath).filter((line) => line.startsWith('  llamactl '));
    expect(steps).toHaveLength(5);
    expect(new Set(steps.map((line) => line.search(/(?<=\S {2,})\S/))).size).toBe(1);
  });

  it("has a call with the server's address that can be pasted", () => {
    expect(nextSteps(server(9000), onPath)).toContain(
      "  curl http://127.0.0.1:9000/v1/chat/completions -H 'Content-Type: application/json' \\",
    );
  });

  it('says how to call a llamactl that a shell does not find', () => {
    const called = (searchPath: string): string =>
      nextSteps(server(8080), { program: '/src/llamactl', searchPath }).join('\n');
    expect(called('/nowhere:/home/a/.local/bin')).toContain(
      '(llamactl is not on the PATH: write /src/llamactl instead, or link it: ln -s /src/llamactl /home/a/.local/bin/)',
    );
    expect(called('')).toContain('ln -s /src/llamactl /usr/local/bin/)');
    expect(called(path.join(import.meta.dirname, '..', '..'))).not.toContain('PATH');
  });

  it('says how to stop the server', () => {
    const stop = 'llamactl down --data-dir /srv';
    expect(nextSteps({ ...server(8080), stop }, onPath).at(-1)).toBe(
      `${stop} stops the server and leaves engines running; ${stop} --stop-engines stops both.`,
    );
  });
});
