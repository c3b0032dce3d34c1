import { describe, expect, it } from 'vitest';
import { nextSteps } from './next-steps.ts';

describe('nextSteps', () => {
  it('prints two columns', () => {
    const steps = nextSteps('http://127.0.0.1:8080').filter((line) => line.startsWith('  llamactl '));
    expect(steps).toHaveLength(5);
    expect(new Set(steps.map((line) => line.search(/(?<=\S {2,})\S/))).size).toBe(1);
  });

  it("has a call with the server's address that can be pasted", () => {
    expect(nextSteps('http://127.0.0.1:9000')).toContain(
      "  curl http://127.0.0.1:9000/v1/chat/completions -H 'Content-Type: application/json' \\",
    );
  });
});
