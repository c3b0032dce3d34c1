import type { Why } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { serverWords } from '../../words/de/server.ts';
import { evidenceText, whySentence, wordsBeside } from './why-text.ts';

function why(phrases: Why['phrases'], words?: string): Why {
  return {
    sentence: 'qwen failed: CUDA error.',
    cause: 'unknown',
    evidence: [],
    remedies: [],
    log_seq: null,
    ...(phrases === undefined ? {} : { phrases }),
    ...(words === undefined ? {} : { words }),
  };
}

describe('an explanation', () => {
  const known = why([{ kind: 'failed', data: { name: 'qwen' } }, { kind: 'crash' }], 'CUDA error');

  it('is in German, with the words of the engine beside it', () => {
    expect(whySentence(known, serverWords)).toEqual({
      text: 'qwen ist gescheitert: Die Engine ist abgestürzt.',
      isWhole: false,
    });
    expect(wordsBeside(known, serverWords)).toBe('CUDA error');
  });

  it('is the sentence of the server in English, and if a phrase is unknown', () => {
    expect([whySentence(known, null), wordsBeside(known, null)]).toEqual([null, known.sentence]);
    const unknown = why([{ kind: 'of_tomorrow' as 'failed' }]);
    expect([whySentence(unknown, serverWords), wordsBeside(unknown, serverWords)]).toEqual([null, unknown.sentence]);
  });

  it('has the reason of an exit after its status', () => {
    const fact = {
      what: 'last exit',
      text: 'status 1, 3m 0s ago: the model file /m/x does not exist',
      phrase: { kind: 'last_exit', data: { status: 1, seconds: 180 } },
      reason: { kind: 'model_missing', data: { file: '/m/x' } },
    } as const;
    expect(evidenceText(fact, serverWords)?.text).toBe('Status 1, vor 3m 0s: Die Datei /m/x existiert nicht.');
    expect(evidenceText({ what: 'log', text: 'E x' }, serverWords)).toBeNull();
  });
});
