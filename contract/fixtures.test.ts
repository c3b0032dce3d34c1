import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LoginSchema, TokenSchema } from './auth.ts';
import { ErrorSchema } from './errors.ts';
import { FrameSchema } from './events.ts';
import { HealthSchema } from './health.ts';
import {
  CreateInstanceSchema,
  InstanceListSchema,
  InstanceSchema,
  LifecycleSchema,
  MessageSchema,
  StopBodySchema,
  UpdateInstanceSchema,
} from './instance.ts';
import { CreatedSchema } from './instance-edit.ts';
import { LogsSchema } from './logs.ts';
import { SystemInfoSchema, SystemStatusSchema } from './system.ts';

/** Every example of the API reference that llamactl was built from, word for word, and the schema that it is an example of. */
const EXAMPLES: Record<string, z.ZodType> = {
  'list-instances.response': InstanceListSchema,
  'get-instance.response': InstanceSchema,
  'create-instance.request': CreateInstanceSchema,
  'create-instance.response': CreatedSchema,
  'update-instance.request': UpdateInstanceSchema,
  'delete-instance.response': MessageSchema,
  'start-instance.response': LifecycleSchema,
  'stop-instance.request': StopBodySchema,
  'stop-instance.response': LifecycleSchema,
  'get-instance-health.response': HealthSchema,
  'get-instance-logs.response': LogsSchema,
  'get-system-status.response': SystemStatusSchema,
  'get-system-info.response': SystemInfoSchema,
  'login.request': LoginSchema,
  'login.response': TokenSchema,
  // Its code is a placeholder.
  'error.response': ErrorSchema.extend({ code: z.string() }),
  'create-example.request': CreateInstanceSchema,
};

const folder = new URL('fixtures/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));

/**
 * Makes every field of a schema optional and refuses unknown fields. An answer may have more fields than its example,
 * but must have all fields of the example, with the same type.
 */
function shown(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([key, field]) => [key, shown(field as z.ZodType).optional()]);
    return z.strictObject(Object.fromEntries(fields) as z.ZodRawShape);
  }
  if (schema instanceof z.ZodArray) return z.array(shown(schema.element as z.ZodType));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return shown(schema.unwrap() as z.ZodType);
  return schema;
}

/** Copies of the value, each with another leaf replaced by a value that no field accepts. */
function spoiled(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return [{ nothing: { takes: 'this' } }];
  return Object.entries(value).flatMap(([key, child]) =>
    spoiled(child).map((wrong) => (Array.isArray(value) ? value.with(Number(key), wrong) : { ...value, [key]: wrong })),
  );
}

describe('examples of the API reference', () => {
  it('are all tested', () => {
    const files = readdirSync(folder).map((file) => file.replace('.json', ''));
    expect(files.toSorted()).toEqual(Object.keys(EXAMPLES).toSorted());
  });

  it.each(Object.entries(EXAMPLES))('%s matches its schema, field by field', (name, schema) => {
    const example = read(name);
    expect(shown(schema).parse(example)).toEqual(example);
  });

  it.each(Object.entries(EXAMPLES))('%s with a field of the wrong type does not match', (name, schema) => {
    const wrong = spoiled(read(name));
    expect(wrong.length).toBeGreaterThan(0);
    for (const each of wrong) expect(shown(schema).safeParse(each).success, JSON.stringify(each)).toBe(false);
  });

  it.each(Object.entries(EXAMPLES).filter(([name]) => name.endsWith('.request')))(
    '%s is a whole request',
    (name, schema) => {
      expect(schema.parse(read(name))).toEqual(read(name));
    },
  );
});

const STATS = {
  memory_usage: 1,
  cpu_usage: 25.5,
  uptime: 3600,
  threads: 4,
  read_bytes: 2,
  write_bytes: 3,
  gpu_memory_usage: null,
  gpus: [],
};

describe('frames of the WebSocket', () => {
  const common = { timestamp: '2024-01-15T14:30:00Z', seq: 1_705_329_000_000_001 };

  it.each([
    { type: 'instance_status_changed', data: { name: 'x', status: 'running', previous_status: 'starting' } },
    { type: 'instance_stats_updated', data: { name: 'x', stats: STATS } },
    { type: 'system_alert', data: { level: 'error', code: 'disk_full', message: 'full', state: 'raised' } },
    { type: 'instance_created', data: { name: 'x' } },
  ])('$type', (event) => {
    const frame = { ...event, ...common };
    expect(FrameSchema.parse(frame)).toEqual(frame);
    expect(FrameSchema.safeParse({ ...frame, seq: 'x' }).success).toBe(false);
    expect(FrameSchema.safeParse({ ...frame, data: { name: 7 } }).success).toBe(false);
  });
});
