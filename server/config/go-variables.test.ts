import { describe, expect, it } from 'vitest';
import { goVariable } from './go-variables.ts';

describe('a variable of the Go llamactl', () => {
  it.each([
    ['LLAMACTL_MAX_RUNNING_INSTANCES', 'LLAMACTL_INSTANCES_MAX_RUNNING, where 0 means no limit'],
    ['LLAMACTL_INFERENCE_KEYS', 'llamactl keys create NAME'],
    ['LLAMACTL_REQUIRE_MANAGEMENT_AUTH', 'LLAMACTL_AUTH_ENABLED'],
  ])('has a counterpart: %s', (name, counterpart) => {
    expect(goVariable(name)).toBe(
      `a variable of the Go llamactl; its counterpart is ${counterpart}. docs/how-to/from-go-llamactl.md has all settings.`,
    );
  });

  it.each(['LLAMACTL_MAX_INSTANCES', 'LLAMACTL_DATABASE_PATH', 'LLAMACTL_VLLM_ARGS', 'LLAMACTL_LLAMACPP_DOCKER_IMAGE'])(
    'has no counterpart: %s',
    (name) => {
      expect(goVariable(name)).toContain('without a counterpart. Unset it; docs/how-to/from-go-llamactl.md');
    },
  );

  it.each(['LLAMACTL_SERVER_PORT', 'LLAMACTL_ZZZ', 'LLAMACTL_DATABASE_', 'LLAMACTL_MLX'])('is not %s', (name) => {
    expect(goVariable(name)).toBeNull();
  });
});
