import { describe, expect, it } from 'vitest';
import { wireSchemas } from './client-models.ts';
import { goModels, goVersion } from './go-models.ts';
import { goComment, goName } from './go-names.ts';

const models = goModels('1.2.3');

/** A field of a Go struct, without the padding of its columns. */
const fieldOf = (type: string, field: string): string =>
  (new RegExp(`^type ${type} struct {[^]*?\\n\\t(${field} .*)`, 'm').exec(models)?.[1] ?? '').replaceAll(/ +/g, ' ');

describe('types of the Go client', () => {
  it('include every named schema of the document, except those written by hand', () => {
    const names = new Set([...models.matchAll(/^type (\w+)/gm)].map(([, name]) => name));
    const others: Record<string, string> = {
      Error: 'errorBody',
      Gpu: 'GPU',
      Options: 'EngineOptions',
      Subscribe: 'subscription',
    };
    const byHand = new Set(['Frame', 'JsonValue', 'LogGap', 'LogItem', 'PastEvent']);
    const wanted = Object.keys(wireSchemas('1.2.3')).filter((name) => !byHand.has(name));
    expect(wanted.map((name) => others[name] ?? name).filter((name) => !names.has(name))).toEqual([]);
  });

  it('mark optional and nullable fields', () => {
    expect(fieldOf('Instance', 'PID')).toBe('PID *int `json:"pid"`');
    expect(fieldOf('Key', 'Instances')).toBe('Instances []string `json:"instances"`');
    expect(fieldOf('CreateInstance', 'Port')).toBe('Port int `json:"port,omitzero"`');
    expect(fieldOf('CreateInstance', 'Pinned')).toBe('Pinned *bool `json:"pinned,omitzero"`');
    expect(fieldOf('CreateKey', 'ExpiresAt')).toBe('ExpiresAt time.Time `json:"expires_at,omitzero"`');
    expect(fieldOf('UpdateInstance', 'Environment')).toBe(
      'Environment Patch[map[string]*string] `json:"environment,omitzero"`',
    );
  });

  it('have 64 bits for bytes and positions on every machine', () => {
    expect(fieldOf('Stats', 'MemoryUsage')).toBe('MemoryUsage int64 `json:"memory_usage"`');
    expect(fieldOf('LogEntry', 'Seq')).toBe('Seq int64 `json:"seq"`');
    expect(fieldOf('GPU', 'MemoryTotal')).toBe('MemoryTotal *int64 `json:"memory_total"`');
    expect(fieldOf('Stats', 'Threads')).toBe('Threads int `json:"threads"`');
    expect(fieldOf('Stats', 'CPUUsage')).toBe('CPUUsage float64 `json:"cpu_usage"`');
  });

  it('share one type for the same schema, and use any for unions', () => {
    expect(fieldOf('ConfigView', 'Config')).toBe(fieldOf('ConfigWritten', 'Config'));
    expect(fieldOf('Config', 'Engines')).toBe('Engines map[string]ConfigEngine `json:"engines"`');
    expect(fieldOf('ConfigEngine', 'HealthPath')).toBe('HealthPath string `json:"health_path,omitzero"`');
    expect(fieldOf('ConfigAuth', 'TokenTTL')).toBe('TokenTTL any `json:"token_ttl"`');
    expect(fieldOf('ConfigInstances', 'PortRange')).toBe('PortRange [2]int `json:"port_range"`');
  });

  it('have every event and the words of enumerations', () => {
    expect(models).toContain('\tcase EventTypeGap:\n\t\treturn new(GapEvent)\n');
    expect(models).toMatch(/\tEventTypeDownloadProgress +EventType = "download_progress"\n/);
    expect(models).toContain('\t// No instance has this name.\n\tCodeInstanceNotFound Code = "INSTANCE_NOT_FOUND"\n');
  });

  it('have the version of the project', () => {
    expect(goVersion('1.2.3')).toContain('\nconst Version = "1.2.3"\n');
  });
});

describe('names of Go', () => {
  it.each([
    ['cpu_usage', 'CPUUsage'],
    ['gpus', 'GPUs'],
    ['URI_TOO_LONG', 'URITooLong'],
    ['status', 'Status'],
  ])('%s is %s', (name, expected) => {
    expect(goName(name)).toBe(expected);
  });

  it('have comments of limited width', () => {
    expect(goComment('one two three', '\t', 8)).toBe('\t// one two\n\t// three\n');
  });
});
