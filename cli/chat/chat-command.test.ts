import { describe, expect, it } from 'vitest';
import { chatCommand } from './chat-command.ts';

const TOKENS = 'a whole number, 1 or more, or -1 for no limit';

describe('chatCommand', () => {
  it.each([
    ['', { kind: 'nothing' }],
    ['  ', { kind: 'nothing' }],
    [' Why? ', { kind: 'question', text: 'Why?' }],
    ['line one\nline two', { kind: 'question', text: 'line one\nline two' }],
    ['/etc/fstab: what is it?', { kind: 'question', text: '/etc/fstab: what is it?' }],
    ['/help', { kind: 'help' }],
    ['/?', { kind: 'help' }],
    ['/clear', { kind: 'clear' }],
    ['/exit', { kind: 'exit' }],
    ['/bye', { kind: 'exit' }],
    ['/system', { kind: 'system', text: null }],
    ['/system Be brief.\nBe kind.', { kind: 'system', text: 'Be brief.\nBe kind.' }],
    ['/system ""', { kind: 'system', text: '' }],
    ['/set system Be brief.', { kind: 'system', text: 'Be brief.' }],
    ['/set', { kind: 'settings' }],
    ['/set temperature 0.2', { kind: 'set', name: 'temperature', value: 0.2 }],
    ['/set temperature=0', { kind: 'set', name: 'temperature', value: 0 }],
    ['/set stop ["a", "b"]', { kind: 'set', name: 'stop', value: ['a', 'b'] }],
    ['/set stop END', { kind: 'set', name: 'stop', value: 'END' }],
    ['/set temperature', { kind: 'set', name: 'temperature', value: undefined }],
    ['/set nothink', { kind: 'set', name: 'chat_template_kwargs', value: { enable_thinking: false } }],
    ['/set think', { kind: 'set', name: 'chat_template_kwargs', value: { enable_thinking: true } }],
    [
      '/set think low',
      { kind: 'set', name: 'chat_template_kwargs', value: { enable_thinking: true, reasoning_effort: 'low' } },
    ],
    ['/set think much', { kind: 'mistake', message: 'think much is unknown; give low, medium or high' }],
    ['/set format json', { kind: 'set', name: 'response_format', value: { type: 'json_object' } }],
    ['/set noformat', { kind: 'set', name: 'response_format', value: undefined }],
    ['/set verbose', { kind: 'verbose', isOn: true }],
    ['/set quiet', { kind: 'verbose', isOn: false }],
    ['/show system', { kind: 'show', part: 'system' }],
    ['/show parameters', { kind: 'show', part: 'parameters' }],
    ['/show info', { kind: 'mistake', message: 'for all about the instance: llamactl show qwen' }],
    ['/show modelfile', { kind: 'mistake', message: 'for the modelfile: llamactl show qwen --modelfile' }],
    [
      '/show',
      { kind: 'mistake', message: '/show system and /show parameters exist; for the instance: llamactl show qwen' },
    ],
    ['/set parameter stop foo bar', { kind: 'set', name: 'stop', value: ['foo', 'bar'] }],
    ['/set parameter stop ["a b"]', { kind: 'set', name: 'stop', value: ['a b'] }],
    ['/set parameter stop "A B" C', { kind: 'set', name: 'stop', value: ['A B', 'C'] }],
    ['/set parameter stop C "A B"', { kind: 'set', name: 'stop', value: ['C', 'A B'] }],
    ['/set parameter stop "###"', { kind: 'set', name: 'stop', value: ['###'] }],
    ['/set parameter stop', { kind: 'set', name: 'stop', value: undefined }],
    [
      '/set parameter stop "A B',
      { kind: 'mistake', message: 'the quotes of a stop are not closed; an example: /set parameter stop "A B" C' },
    ],
    ['/set stop foo bar', { kind: 'set', name: 'stop', value: 'foo bar' }],
    ['/set nohistory', { kind: 'mistake', message: 'nohistory does not exist here; for the settings: /set' }],
    ['/set parameter temperature 0.2', { kind: 'set', name: 'temperature', value: 0.2 }],
    [
      '/set parameter num_ctx 4096',
      { kind: 'mistake', message: 'num_ctx belongs to the engine: llamactl update qwen -o ctx_size=4096 --restart' },
    ],
    [
      '/load alpha:8b',
      {
        kind: 'mistake',
        message: 'conversations are not saved; for another model: /exit, then llamactl run alpha:8b',
      },
    ],
    [
      '/save x',
      { kind: 'mistake', message: 'conversations are not saved; for a copy of the instance: llamactl cp qwen x' },
    ],
    ['/set num_predict 5', { kind: 'set', name: 'max_tokens', value: 5 }],
    ['/set parameter num_predict 5', { kind: 'set', name: 'max_tokens', value: 5 }],
    ['/set parameter num_predict -1', { kind: 'set', name: 'max_tokens', value: null }],
    ['/set parameter num_predict', { kind: 'set', name: 'max_tokens', value: undefined }],
    ['/set max_tokens -1', { kind: 'set', name: 'max_tokens', value: null }],
    ['/set num_predict many', { kind: 'mistake', message: `num_predict must be ${TOKENS}` }],
    ['/set num_predict -2', { kind: 'mistake', message: `num_predict must be ${TOKENS}` }],
    ['/set parameter num_keep 5', { kind: 'mistake', message: 'num_keep has no counterpart here' }],
    ['/set penalize_newline true', { kind: 'mistake', message: 'penalize_newline has no counterpart here' }],
    ['/set system', { kind: 'system', text: null }],
    ['/set temperature hot', { kind: 'mistake', message: 'temperature must be a number, 0 or more' }],
    ['/set max_tokens 0.5', { kind: 'mistake', message: `max_tokens must be ${TOKENS}` }],
    ['/set top_p 2', { kind: 'mistake', message: 'top_p must be a number from 0 to 1' }],
    ['/set stop [1]', { kind: 'mistake', message: 'stop must be a text, or a list such as ["a", "b"]' }],
    ['/set model other', { kind: 'mistake', message: 'model cannot be set here' }],
    ['/set 5', { kind: 'mistake', message: '5 is not a setting; an example: /set temperature 0.2' }],
    ['/cler', { kind: 'mistake', message: 'unknown command /cler; for a list: /help' }],
  ])('parses %j', (text, command) => {
    expect(chatCommand(text, 'qwen')).toEqual(command);
  });

  it('lists the settings for an unknown one', () => {
    expect(chatCommand('/set temprature 0.2', 'qwen')).toEqual({
      kind: 'mistake',
      message: expect.stringMatching(/^there is no setting temprature; settings: temperature, max_tokens, /) as string,
    });
  });
});
