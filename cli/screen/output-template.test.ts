import { describe, expect, it } from 'vitest';
import { compiledTemplate } from './output-template.ts';

const INSTANCES = [
  { name: 'llama', aliases: ['a', 'b'], created_at: '2026-03-01', stats: { memory_usage: 5 }, model_path: '/m' },
  { name: 'qwen', aliases: [], created_at: '2026-03-02', stats: null },
];
const filled = (template: string, value: unknown = INSTANCES, ...more: [boolean, string[]] | []): string => {
  const [isOneOfMany = false, optional = []] = more;
  return compiledTemplate(template)(value, isOneOfMany, optional);
};

describe('a template', () => {
  it.each([
    [String.raw`{{.Name}}\t{{ .CreatedAt }}`, 'llama\t2026-03-01\nqwen\t2026-03-02'],
    ['{{.created_at}} {{.NAME}}!', '2026-03-01 llama!\n2026-03-02 qwen!'],
    ['{{.Aliases}}', 'a,b\n'],
    ['{{.ModelPath}}', '/m\n'],
    ['{{.Stats.MemoryUsage}}', '5\n'],
    ['{{json .Stats}}', '{"memory_usage":5}\nnull'],
    [String.raw`a\\b`, 'a\\b\na\\b'],
  ])('prints %s for each item', (template, text) => {
    expect(filled(template)).toBe(text);
  });

  it('prints a single value, and nothing for an empty list', () => {
    expect(filled('{{.Name}}', INSTANCES[0])).toBe('llama');
    expect(filled('{{json .}}', { a: 1 })).toBe('{"a":1}');
    expect(filled('{{.Name}}', [])).toBe('');
  });

  it('removes control characters of names', () => {
    expect(filled('{{.Name}}', { name: '\u{1B}[31mred' })).toBe('red');
  });

  it('lists the fields for an unknown one', () => {
    expect(() => filled('{{.Nmae}}')).toThrow(
      '--format: there is no field .Nmae; there are .Name, .Aliases, .CreatedAt, .Stats, .ModelPath',
    );
    expect(() => filled('{{.Stats.Memory}}')).toThrow('there is no field .Memory; there are .MemoryUsage');
  });

  it('leaves optional fields empty, and fields of later values unchecked', () => {
    expect(filled('{{.Group}}', INSTANCES, false, ['group'])).toBe('\n');
    expect(filled('{{.Data.Name}}', { data: {} }, true, [])).toBe('');
  });

  it('refuses an action without an end, and an empty template', () => {
    expect(() => filled('{{.Name')).toThrow('the }} of {{.Name is missing');
    expect(() => filled('')).toThrow('the template is empty');
  });

  it('refuses all other actions of templates', () => {
    for (const action of ['range .', '', 'Name', '.Name | upper'])
      expect(() => filled(`{{${action}}}`)).toThrow(`{{${action}}} is no field; write {{.Name}} or {{json .}}`);
  });
});
