import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { OwnLog } from '../../service/own-log.ts';
import { HEALTHY } from '../../testing/fake-services.ts';
import { testServer } from '../../testing/http-harness.ts';

describe("llamactl's own log", () => {
  it('is returned in part, by level and text', async () => {
    const ownLog = new OwnLog();
    const log = pino(
      { base: null, timestamp: pino.stdTimeFunctions.isoTime },
      { write: (line: string) => ownLog.write(line) },
    );
    for (let index = 0; index < 300; index += 1) log.info(`line ${index}`);
    log.warn({ instance: 'chat' }, 'careful');
    const test = testServer({ ownLog });
    const messages = async (query: string): Promise<string[]> =>
      (await test.inject({ url: `/api/system/logs${query}` }))
        .json<{ logs: { message: string }[] }>()
        .logs.map(({ message }) => message);
    expect(await messages('')).toHaveLength(200);
    expect(await messages('?lines=2')).toEqual(['line 299', 'careful']);
    expect(await messages('?level=warn')).toEqual(['careful']);
    expect(await messages('?q=CHAT')).toEqual(['careful']);
    expect((await test.inject({ url: '/api/system/logs?lines=5000' })).statusCode).toBe(400);
  });
});

describe('the doctor', () => {
  it('is asked for its report', async () => {
    const answer = await testServer().inject({ url: '/api/system/doctor' });
    expect(answer.json()).toEqual(await HEALTHY.examine());
  });
});
