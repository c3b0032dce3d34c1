import { describe, expect, it } from 'vitest';
import { TransferPace } from './transfer-pace.ts';

describe('the pace', () => {
  it('is that of the last seconds', () => {
    const pace = new TransferPace();
    for (let second = 0; second <= 20; second += 1) pace.note(second * 1_000, second < 10 ? 0 : (second - 10) * 500);
    expect(pace.speed(20_000)).toBe(500);
  });

  it('is 0 at the beginning and when nothing comes any more', () => {
    const pace = new TransferPace();
    expect(pace.speed(0)).toBe(0);
    pace.note(0, 0);
    pace.note(1_000, 700);
    expect(pace.speed(1_000)).toBe(700);
    expect(pace.speed(2_000)).toBe(350);
    expect(pace.speed(9_000)).toBe(0);
  });

  it('begins again when bytes were removed', () => {
    const pace = new TransferPace();
    pace.note(0, 5_000);
    pace.note(1_000, 100);
    pace.note(2_000, 300);
    expect(pace.speed(2_000)).toBe(200);
  });
});
