import { expect, it } from 'vitest';
import { meantName } from './meant-name.ts';

const valuesOf = (path: string, message: string, document: Parameters<typeof meantName>[1]) => {
  const meant = meantName({ path, message }, document);
  return meant && [meant.name, Object.fromEntries(meant.values)];
};

it('a misspelt option gets the name that was meant, with its value', () => {
  const message = 'is not an option of this engine; did you mean `ctx_size`?';
  expect(valuesOf('options.ctx_sise', message, { options: { ctx_sise: 512 } })).toEqual([
    'ctx_size',
    { 'options.ctx_sise': undefined, 'options.ctx_size': 512 },
  ]);
  expect(valuesOf('options.ctx_sise', message, { options: { ctx_sise: 512, ctx_size: 256 } })).toBeNull();
});

it('a misspelt flag is replaced in its line, with the others as they are', () => {
  const message = '`--flash-atn` is not a flag of this engine; did you mean `--flash-attn`?';
  expect(valuesOf('extra_args.1', message, { extra_args: ['-v', '--flash-atn=on', 'x'] })).toEqual([
    '--flash-attn',
    { extra_args: ['-v', '--flash-attn=on', 'x'] },
  ]);
  expect(valuesOf('extra_args.1', message, { extra_args: ['-v'] })).toBeNull();
});

it('another note has no correction', () => {
  expect(valuesOf('options.x', 'is not an option of this engine', { options: { x: 1 } })).toBeNull();
  expect(valuesOf('', 'something; did you mean `this`?', {})).toBeNull();
});
