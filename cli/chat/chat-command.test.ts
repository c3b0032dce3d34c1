import { describe, expect, it } from 'vitest';
import { chatCommand } from './chat-command.ts';

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
    ['/set verbose', { kind: 'mistake', message: 'to see statistics of each answer: llamactl run NAME --verbose' }],
    ['/set nohistory', { kind: 'mistake', message: 'nohistory does not exist here; for the settings: /set' }],
    ['/set parameter temperature 0.2', { kind: 'set', name: 'temperature', value: 0.2 }],
    [
      '/set parameter num_ctx 4096',
      { kind: 'mistake', message: 'num_ctx belongs to the engine: llamactl update NAME -o ctx_size=N --restart' },
    ],
    ['/save x', { kind: 'mistake', message: 'conversations are not saved; for another model: llamactl run NAME' }],
    ['/set num_predict 5', { kind: 'mistake', message: 'num_predict is called max_tokens here: /set max_tokens 5' }],
    ['/set temperature hot', { kind: 'mistake', message: 'temperature must be a number, 0 or more' }],
    ['/set max_tokens 0.5', { kind: 'mistake', message: 'max_tokens must be a whole number, 1 or more' }],
    ['/set top_p 2', { kind: 'mistake', message: 'top_p must be a number from 0 to 1' }],
    ['/set stop [1]', { kind: 'mistake', message: 'stop must be a text, or a list such as ["a", "b"]' }],
    ['/set model other', { kind: 'mistake', message: 'model cannot be set here' }],
    ['/set 5', { kind: 'mistake', message: '5 is not a setting; an example: /set temperature 0.2' }],
    ['/cler', { kind: 'mistake', message: 'unknown command /cler; for a list: /help' }],
  ])('parses %j', (text, command) => {
    expect(chatCommand(text)).toEqual(command);
  });

  it('lists the settings for an unknown one', () => {
    expect(chatCommand('/set temprature 0.2')).toEqual({
      kind: 'mistake',
      message: expect.stringMatching(/^there is no setting temprature; settings: temperature, max_tokens, /) as string,
    });
  });
});
