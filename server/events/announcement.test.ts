import { describe, expect, it } from 'vitest';
import { announcementOf, type AlertNews } from './announcement.ts';

const NEWS: AlertNews = {
  state: 'raised',
  level: 'error',
  code: 'instance_failed',
  message: 'chat failed.',
  instance: 'chat',
};
const AT = '2026-01-01T00:00:00.000Z';

describe('announcementOf', () => {
  it('puts machine, code, instance and whether it is over into the title', () => {
    expect(announcementOf(NEWS, AT, 'box')).toEqual({
      ...NEWS,
      raised_at: AT,
      title: 'llamactl on box: instance_failed (chat)',
    });
    expect(announcementOf({ ...NEWS, state: 'cleared' }, AT, 'box').title).toBe(
      'llamactl on box: instance_failed (chat) is over',
    );
    const { instance: _, ...system } = NEWS;
    expect(announcementOf(system, AT, 'box')).toMatchObject({
      instance: null,
      title: 'llamactl on box: instance_failed',
    });
  });

  it('makes one line without control characters', () => {
    expect(announcementOf({ ...NEWS, message: ' a\u0000b\r\n\u001B[1mc ' }, AT, 'box').message).toBe('a b [1mc');
  });

  it.each(['x', '語', '😀'])('cuts the message to fit every receiver, in whole characters: %s', (character) => {
    const { message } = announcementOf({ ...NEWS, message: character.repeat(3_000) }, AT, 'box');
    expect(message).toMatch(/^.+…$/u);
    expect(message.isWellFormed()).toBe(true);
    expect(message.length).toBeLessThanOrEqual(1_000);
    expect(Buffer.byteLength(message)).toBeLessThan(4_096);
  });
});
