import { describe, expect, it } from 'vitest';
import { clientModels } from './client-models.ts';
import { openApiDocument } from './openapi.ts';

const models = clientModels('1.2.3');

/** The declaration of a name, from its comment to its end. */
const declarationOf = (name: string): string =>
  new RegExp(`(?:/\\*\\* [^\\n]* \\*/\\n)?export (?:interface|type) ${name} [^]*?\\n(?=\\n|$)`).exec(models)?.[0] ?? '';

describe('types of the TypeScript client', () => {
  it('include every named schema of the OpenAPI document and every frame of the WebSocket', () => {
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

  it('have the description of each field, and mark optional and nullable ones', () => {
    expect(declarationOf('Problem')).toBe(`export interface Problem {
  /** Where the problem is, dotted: \`options.threads\`; empty for the whole body. */
  path: string;
  /** Problem, and the expected value. */
  message: string;
  /** \`message\` as data; absent: no kind of phrase. */
  phrase?: Phrase | undefined;
}
`);
    expect(declarationOf('LastExit')).toContain('  code: number | null;\n');
    expect(declarationOf('StopBody')).toContain('  force?: boolean | undefined;\n');
    // A nullable schema has its description in the alternative that is not null.
    expect(declarationOf('UpdateInstance')).toContain(
      '  /** The model file. It need not exist until the instance starts. */\n  model_path?: string | null | undefined;\n',
    );
  });

  it('refer to each other by name, and have unions', () => {
    expect(declarationOf('LogItem')).toBe('export type LogItem = LogEntry | LogGap;\n');
    expect(declarationOf('Status')).toMatch(/^\/\*\* .* \*\/\nexport type Status = 'stopped' \| 'starting' \| /);
    expect(declarationOf('InstanceList')).toContain('  instances: InstanceSummary[];\n');
    expect(declarationOf('Frame')).toContain("  type: 'instance_status_changed';\n");
    expect(models.match(/'SHUTTING_DOWN'/g)).toHaveLength(1);
    expect(models).toContain("export type ErrorCode = ErrorBody['code'];\n");
  });

  it('have lists of unions, tuples, and maps with any key', () => {
    expect(declarationOf('Options')).toBe(
      "/** The engine's own long flags in snake_case. `false` becomes `--no-x` if the engine has that flag; a list repeats the flag. */\n" +
        'export type Options = { [name: string]: string | number | boolean | (string | number)[] };\n',
    );
    expect(declarationOf('ConfigView')).toContain('port_range: [number, number];\n');
    expect(declarationOf('ConfigPatch')).toContain('export type ConfigPatch = { [name: string]: unknown };\n');
    expect(declarationOf('ConfigView'), 'text is any text').toContain('public_url: string;\n');
  });

  it('import nothing', () => {
    expect(models).not.toMatch(/import|zod|: any/);
  });
});
