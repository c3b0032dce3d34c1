import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELP, helpCatalogue } from './fixtures/help.ts';
import { bareName, parseHelp } from './flags.ts';
import type { FlagEntry } from './flags.ts';

const entryOf = (name: string): FlagEntry => {
  const match = helpCatalogue().find(name);
  if (match === null) throw new Error(`no flag ${name}`);
  return match.entry;
};

describe('parseHelp for llama-server', () => {
  it('reads every entry', () => {
    const heads = HELP.split('\n').filter((line) => /^-{1,2}[a-z]/i.test(line));
    expect(helpCatalogue().entries).toHaveLength(heads.length);
  });

  it('reads all spellings, long ones first, and the variable', () => {
    expect(entryOf('ngl')).toMatchObject({
      spellings: ['--gpu-layers', '--n-gpu-layers', '-ngl'],
      negations: [],
      placeholder: 'N',
      valueCount: 1,
      variables: ['LLAMA_ARG_N_GPU_LAYERS'],
    });
  });

  it('distinguishes switches from flags with a value', () => {
    expect(entryOf('version')).toMatchObject({ placeholder: null, valueCount: 0 });
    expect(entryOf('keep')).toMatchObject({ placeholder: 'N', valueCount: 1 });
    expect(entryOf('control_vector_layer_range')).toMatchObject({ placeholder: 'START END', valueCount: 2 });
    expect(entryOf('override_tensor')).toMatchObject({
      placeholder: '<tensor name pattern>=<buffer type>,...',
      valueCount: 1,
    });
  });

  it.each([
    ['perf', ['--perf'], ['--no-perf']],
    ['kv_offload', ['--kv-offload', '-kvo'], ['--no-kv-offload', '-nkvo']],
    ['repack', ['--repack'], ['--no-repack', '-nr']],
    ['kv_unified', ['--kv-unified', '-kvu'], ['--no-kv-unified', '-no-kvu']],
    ['agent', ['--agent', '-ag'], ['--no-agent', '-no-ag']],
    ['mmproj_auto', ['--mmproj-auto'], ['--no-mmproj', '--no-mmproj-auto']],
  ])('separates spellings of %s that turn it on from those that turn it off', (name, spellings, negations) => {
    expect(entryOf(name)).toMatchObject({ spellings, negations });
  });

  it('does not treat a flag named no-… as a negation', () => {
    expect(entryOf('no_host')).toMatchObject({ spellings: ['--no-host'], negations: [] });
    expect(entryOf('host')).toMatchObject({ spellings: ['--host'], negations: [] });
  });

  it('reads the allowed values', () => {
    expect(entryOf('rope_scaling').allowed).toEqual(['none', 'linear', 'yarn']);
    expect(entryOf('flash_attn').allowed).toEqual(['on', 'off', 'auto']);
    expect(entryOf('cpu_strict').allowed).toEqual(['0', '1']);
    expect(entryOf('cache_type_k').allowed).toEqual([
      'f32',
      'f16',
      'bf16',
      'q8_0',
      'q4_0',
      'q4_1',
      'iq4_nl',
      'q5_0',
      'q5_1',
    ]);
    expect(entryOf('poll').allowed).toBeNull();
  });

  it('detects flags that take lists', () => {
    expect(entryOf('tensor_split').separator).toBe(',');
    expect(entryOf('lora').separator).toBe(',');
    expect(entryOf('samplers').separator).toBe(';');
    expect(entryOf('logit_bias').separator).toBeNull();
  });

  it('reads the replacement of a removed flag', () => {
    expect(entryOf('draft')).toMatchObject({
      spellings: ['--draft', '--draft-n', '--draft-max'],
      removed: 'use --spec-draft-n-max or --spec-ngram-mod-n-max',
    });
    expect(entryOf('threads').removed).toBeNull();
  });

  it('joins a wrapped description and leaves the variable out', () => {
    expect(entryOf('perf').description).toBe(
      'whether to enable internal libllama performance timings (default: false)',
    );
  });
});

describe('FlagCatalogue', () => {
  it.each(['ctx_size', 'ctx-size', '--ctx-size', '--ctx_size', '-c', 'c'])('finds ctx-size as %s', (name) => {
    expect(helpCatalogue().find(name)?.entry.spellings).toContain('--ctx-size');
  });

  it('finds which spelling turns a flag off', () => {
    expect(helpCatalogue().find('no_kv_offload')).toMatchObject({ spelling: '--no-kv-offload', negated: true });
    expect(helpCatalogue().find('nkvo')).toMatchObject({ spelling: '-nkvo', negated: true });
    expect(helpCatalogue().find('kv_offload')).toMatchObject({ spelling: '--kv-offload', negated: false });
  });

  it('finds the opposite of a flag without a negation', () => {
    expect(helpCatalogue().find('no_flash_attn')).toMatchObject({ spelling: '--flash-attn', negated: true });
  });

  it('prefers an exact name to the negation of another flag', () => {
    expect(helpCatalogue().find('mmproj')?.entry.spellings).toContain('--mmproj');
    expect(helpCatalogue().find('no_mmproj')).toMatchObject({ spelling: '--no-mmproj', negated: true });
  });

  it('finds nothing for other names', () => {
    for (const name of ['', '-', '--', 'ctx', 'C', '__proto__', 'constructor'])
      expect(helpCatalogue().find(name)).toBeNull();
  });

  it('finds arguments as the engine does', () => {
    const { findArgument } = helpCatalogue();
    expect(findArgument('--ctx_size')?.spelling).toBe('--ctx-size');
    expect(findArgument('-c')?.spelling).toBe('-c');
    // Measured on b11669: each of these ends in "error: invalid argument".
    for (const argument of ['ctx-size', '-ctx-size', '--ctx-size=1', '---ctx-size', '-C', '--CTX-SIZE', '-no_kvu']) {
      expect(findArgument(argument)).toBeNull();
    }
  });

  it('finds the flag of a variable', () => {
    expect(helpCatalogue().findVariable('LLAMA_API_KEY')?.spellings).toEqual(['--api-key']);
    expect(helpCatalogue().findVariable('LLAMA_ARG_BOGUS')).toBeNull();
  });
});

describe('parseHelp for other formats', () => {
  it('reads indented entries with other columns', () => {
    const { find } = parseHelp(
      'options:\n  -m,  --model FNAME     model path\n  -fa, --flash-attn      enable (default: off)\n',
    );
    expect(find('model')?.entry).toMatchObject({ spellings: ['--model', '-m'], valueCount: 1 });
    expect(find('flash_attn')?.entry).toMatchObject({ valueCount: 0, description: 'enable (default: off)' });
  });

  it('reads entries that repeat the placeholder', () => {
    const { find } = parseHelp('  -m MODEL, --model MODEL\n                        the model\n');
    expect(find('model')?.entry).toMatchObject({ spellings: ['--model', '-m'], placeholder: 'MODEL' });
  });

  it('returns an empty catalogue for no text and for other text', () => {
    for (const text of ['', '\n', 'command not found', '- a list\n- of things', '-----\n']) {
      expect(parseHelp(text).entries).toEqual([]);
    }
  });

  it('never throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc.string({
        unit: fc.constantFrom('-', ' ', ',', 'a', 'B', '[', ']', '<', '>', '{', '}', '|', '(', ')', ':', '\t'),
      }),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const catalogue = parseHelp(lines.join('\n'));
        for (const entry of catalogue.entries) expect(entry.spellings.length).toBeGreaterThan(0);
        for (const text of lines) catalogue.find(text);
      }),
    );
  });

  it('parses everything printed in the format', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{1,8}(-[a-z0-9]{1,6})?$/).filter((text) => !text.startsWith('no'));
    const entry = fc.record({
      name,
      short: fc.option(fc.stringMatching(/^[a-z]{1,4}$/).filter((text) => !text.startsWith('n'))),
      isNegatable: fc.boolean(),
      placeholder: fc.option(fc.constantFrom('N', 'FNAME', '<0|1>', '[on|off]', '{a,b}', 'START END', 'N0,N1,...')),
      text: fc.stringMatching(/^[a-z]{1,8}( [a-z]{1,8}){0,20}$/),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: (each) => each.name, maxLength: 10 }), (entries) => {
        const help = entries.map(({ name, short, isNegatable, placeholder, text }) => {
          const spellings = [
            short === null ? '' : `-${short},`.padEnd(7),
            `--${name}`,
            isNegatable ? `, --no-${name}` : '',
          ];
          const head = spellings.join('') + (placeholder === null ? '' : ` ${placeholder}`);
          const gap = head.length > 37 ? `\n${' '.repeat(40)}` : ' '.repeat(40 - head.length);
          return `${head}${gap}${text.replace(/(.{20,30}) /g, `$1\n${' '.repeat(40)}`)}\n${' '.repeat(40)}(env: X_${name.replaceAll('-', '_')})`;
        });
        const { find, findVariable, entries: read } = parseHelp(help.join('\n'));
        expect(read).toHaveLength(entries.length);
        for (const { name, isNegatable, placeholder, text } of entries) {
          expect(find(name)?.entry).toMatchObject({ placeholder, description: text });
          expect(find(name)?.entry.negations).toEqual(isNegatable ? [`--no-${name}`] : []);
          expect(findVariable(`X_${name.replaceAll('-', '_')}`)).toBe(find(name)?.entry);
        }
      }),
    );
  });
});

describe('bareName', () => {
  it('is equal for all spellings of a name', () => {
    expect(['--ctx-size', 'ctx_size', '--ctx_size', 'ctx-size'].map(bareName)).toEqual(Array(4).fill('ctx-size'));
  });
});
