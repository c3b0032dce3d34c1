import { describe, expect, it } from 'vitest';
import { nextSteps } from './next-steps.ts';

const server = (port: number): { url: string; stop: string } => ({
  url: `http://127.0.0.1:${port}`,
  stop: 'llamactl down',
});

describe('nextSteps', () => {
  it('prints two columns', () => {
    const steps = nextSteps(server(8080)).filter((line) => line.startsWith('  llamactl '));
    expect(steps).toHaveLength(5);
    expect(new Set(steps.map((line) => line.search(/(?<=\S {2,})\S/))).size).toBe(1);
  });

  it("has a call with the server's address that can be pasted", () => {
    expect(nextSteps(server(9000))).toContain(
      "  curl http://127.0.0.1:9000/v1/chat/completions -H 'Content-Type: application/json' \\",
    );
  });

  it('says how to stop the server', () => {
    const stop = 'llamactl down --data-dir /srv';
    expect(nextSteps({ ...server(8080), stop }).at(-1)).toBe(
      `${stop} stops the server and leaves engines running; ${stop} --stop-engines stops both.`,
    );
  });
});
