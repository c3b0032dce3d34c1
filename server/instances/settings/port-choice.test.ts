import { describe, expect, it } from 'vitest';
import { LAUNCH, PLAN, running } from '../../testing/instance-states.ts';
import { portRecord, sampleRegistry } from '../../testing/sample-registry.ts';
import { PortChoice } from './port-choice.ts';

function choiceBeside(occupied: number[], ...entries: Parameters<typeof sampleRegistry>): PortChoice {
  return new PortChoice(sampleRegistry(...entries), [8_100, 8_103], () => new Set(occupied));
}

describe('a port that llamactl chooses', () => {
  it('is the lowest free one of the range, except that of llamactl', () => {
    const choice = choiceBeside([], [portRecord('a', 8_100)]);
    expect(choice.assign('new')).toBe(8_102);
    expect(choice.free('new', new Set([8_102]))).toBe(8_103);
  });

  it('is none on which another process listens, unless no other is left', () => {
    const occupied = [8_100, 8_102];
    expect(choiceBeside(occupied).assign('new')).toBe(8_103);
    expect(choiceBeside(occupied, [portRecord('a', 8_103)]).assign('new')).toBe(8_100);
    const live = running({ launch: { ...LAUNCH, plan: { ...PLAN, port: 8_102 } } });
    expect(choiceBeside(occupied, [portRecord('a', 8_102), live]).assign('a')).toBe(8_102);
  });

  it('is refused with remedies when the range is used up', () => {
    const choice = choiceBeside([], [portRecord('a', 8_100)], [portRecord('b', 8_102)], [portRecord('c', 8_103)]);
    expect(() => choice.assign('new')).toThrow(/port_range \(8100 to 8103\) is taken; widen it/);
  });
});
