import { describe, expect, it } from 'vitest';
import { activeRequest } from '../testing/active-request.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { type LiveNews, messageOfNews, textFrame } from './message.ts';

describe('a frame about a request', () => {
  const sent = { caller: 'user:ada', user_agent: 'laptop of ada' };

  it.each<LiveNews>([
    { type: 'request_started', data: activeRequest('r', sent) },
    { type: 'request_finished', data: finishedRequest(sent) },
  ])('of type $type says nothing about its sender to those who may not see that', (news) => {
    const { bytes, request } = messageOfNews({ ...news, timestamp: '2026-03-01T12:00:00.000Z', seq: 1 }, () => null);
    expect(bytes.toString()).toContain('"user_agent":"laptop of ada"');
    const hidden = request?.withoutSender().toString();
    expect(hidden).toContain('"caller":null');
    expect(hidden).not.toContain('ada');
  });
});

describe('textFrame', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ])('writes the length of %i bytes into the header, and no mask', (length, header) => {
    const text = 'x'.repeat(length);
    expect(textFrame(text).toString('latin1')).toBe(Buffer.from(header, 'hex').toString('latin1') + text);
  });

  it('counts bytes, not characters', () => {
    expect(textFrame('é')).toEqual(Buffer.from([0x81, 2, 0xc3, 0xa9]));
  });

  it('keeps no memory of a pool alive', () => {
    const frame = textFrame('x');
    expect(frame.buffer.byteLength).toBe(frame.byteLength);
  });
});
