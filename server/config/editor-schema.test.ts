import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const schemaOf = (path: string): z.ZodType => z.fromJSONSchema(JSON.parse(read(path)) as z.core.JSONSchema.JSONSchema);

describe('the schemas for editors', () => {
  it('accept the example of a configuration, and no misspelt key', () => {
    const schema = schemaOf('schemas/config.schema.json');
    const example = parse(read('llamactl.example.yaml')) as object;
    expect(schema.safeParse(example).error).toBe(undefined);
    expect(schema.safeParse({ server: { prot: 8_080 } }).success).toBe(false);
    expect(schema.safeParse({ instances: { port_range: [8_100] } }).success).toBe(false);
  });

  it('accept the example of a fleet, and no misspelt key', () => {
    const schema = schemaOf('schemas/instances.schema.json');
    const [, example = ''] = /```yaml\n([^]*?)```/.exec(read('docs/fleet.md')) ?? [];
    const fleet = parse(example) as { instances: object[] };
    expect(fleet.instances).toHaveLength(2);
    expect(schema.safeParse(fleet).error).toBe(undefined);
    expect(schema.safeParse({ instances: [{ name: 'a', modle_path: '/m' }] }).success).toBe(false);
    expect(schema.safeParse({ instances: [{ name: '-' }] }).success).toBe(false);
  });
});
