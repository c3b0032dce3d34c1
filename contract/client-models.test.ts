import { describe, expect, it } from 'vitest';
import { clientModels } from './client-models.ts';
import { openApiDocument } from './openapi.ts';

const models = clientModels('1.2.3');

/** The declaration of a name, from its comment to its end. */
const declarationOf = (name: string): string =>
  new RegExp(`(?:/\\*\\* [^\\n]* \\*/\\n)?export (?:interface|type) ${name} [^]*?\\n(?=\\n|$)`).exec(models)?.[0] ?? '';

describe('the types of the client', () => {
  it('are one for each name of the OpenAPI document, and for what the WebSocket carries', () => {
    const names = [...models.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name);
    const components = Object.keys(openApiDocument('1.2.3').components.schemas);
    const expected = [
      ...components.map((name) => (name === 'Error' ? 'ErrorBody' : name)),
      'Frame',
      'Subscribe',
      'ErrorCode',
    ];
    expect(new Set(names)).toEqual(new Set(expected));
    expect(names).toHaveLength(expected.length);
  });

  it('say what each field is for, which may be absent, and which may be null', () => {
    expect(declarationOf('Problem')).toBe(`export interface Problem {
  /** Where the problem is, dotted: \`options.threads\`; empty for the body as a whole. */
  path: string;
  /** What is wrong there and what would be right. */
  message: string;
}
`);
    expect(declarationOf('LastExit')).toContain('  code: number | null;\n');
    expect(declarationOf('StopBody')).toContain('  force?: boolean | undefined;\n');
    // A description of what may be null stands with what it may be beside that.
    expect(declarationOf('UpdateInstance')).toContain(
      '  /** The model file; it may appear later, but must be there to start. */\n  model_path?: string | null | undefined;\n',
    );
  });

  it('name each other, and list what is one of several', () => {
    expect(declarationOf('LogItem')).toBe('export type LogItem = LogEntry | LogGap;\n');
    expect(declarationOf('Status')).toMatch(/^\/\*\* .* \*\/\nexport type Status = 'stopped' \| 'starting' \| /);
    expect(declarationOf('InstanceList')).toContain('  instances: InstanceSummary[];\n');
    expect(declarationOf('Frame')).toContain("  type: 'instance_status_changed';\n");
    expect(models.match(/'SHUTTING_DOWN'/g)).toHaveLength(1);
    expect(models).toContain("export type ErrorCode = ErrorBody['code'];\n");
  });

  it('have lists of several kinds, tuples, and names that are free', () => {
    expect(declarationOf('Options')).toBe(
      "/** The engine's own long flags in snake_case. `false` becomes `--no-x` where the engine has it; lists repeat the flag. */\n" +
        'export type Options = { [name: string]: string | number | boolean | (string | number)[] };\n',
    );
    expect(declarationOf('ConfigView')).toContain('port_range: [number, number];\n');
    expect(declarationOf('ConfigPatch')).toContain('export type ConfigPatch = { [name: string]: unknown };\n');
    expect(declarationOf('ConfigView'), 'text is any text').toContain('public_url: string;\n');
  });

  it('need nothing else', () => {
    expect(models).not.toMatch(/import|zod|: any/);
  });
});
