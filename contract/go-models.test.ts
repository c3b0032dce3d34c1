import { describe, expect, it } from 'vitest';
import { wireSchemas } from './client-models.ts';
import { goModels, goVersion } from './go-models.ts';
import { goComment, goName } from './go-names.ts';

const models = goModels('1.2.3');

/** A field of it, without the columns. */
const fieldOf = (type: string, field: string): string =>
  (new RegExp(`^type ${type} struct {[^]*?\\n\\t(${field} .*)`, 'm').exec(models)?.[1] ?? '').replaceAll(/ +/g, ' ');

describe('the types of the Go client', () => {
  it('are one for each name of the document, but for what is written by hand', () => {
    const names = new Set([...models.matchAll(/^type (\w+)/gm)].map(([, name]) => name));
    const others: Record<string, string> = {
      Error: 'errorBody',
      Gpu: 'GPU',
      Options: 'EngineOptions',
      Subscribe: 'subscription',
    };
    const byHand = new Set(['Frame', 'JsonValue', 'LogGap', 'LogItem']);
    const wanted = Object.keys(wireSchemas('1.2.3')).filter((name) => !byHand.has(name));
    expect(wanted.map((name) => others[name] ?? name).filter((name) => !names.has(name))).toEqual([]);
  });

  it('say which fields may be absent, and which may be null', () => {
    expect(fieldOf('Instance', 'PID')).toBe('PID *int `json:"pid"`');
    expect(fieldOf('Key', 'Instances')).toBe('Instances []string `json:"instances"`');
    expect(fieldOf('CreateInstance', 'Port')).toBe('Port int `json:"port,omitzero"`');
    expect(fieldOf('CreateInstance', 'Pinned')).toBe('Pinned *bool `json:"pinned,omitzero"`');
    expect(fieldOf('CreateKey', 'ExpiresAt')).toBe('ExpiresAt time.Time `json:"expires_at,omitzero"`');
    expect(fieldOf('UpdateInstance', 'Environment')).toBe(
      'Environment Patch[map[string]*string] `json:"environment,omitzero"`',
    );
  });

  it('hold bytes and places on every machine', () => {
    expect(fieldOf('Stats', 'MemoryUsage')).toBe('MemoryUsage int64 `json:"memory_usage"`');
    expect(fieldOf('LogEntry', 'Seq')).toBe('Seq int64 `json:"seq"`');
    expect(fieldOf('GPU', 'MemoryTotal')).toBe('MemoryTotal *int64 `json:"memory_total"`');
    expect(fieldOf('Stats', 'Threads')).toBe('Threads int `json:"threads"`');
    expect(fieldOf('Stats', 'CPUUsage')).toBe('CPUUsage float64 `json:"cpu_usage"`');
  });

  it('are one where one is meant, and take what is of several kinds', () => {
    expect(fieldOf('ConfigView', 'Config')).toBe(fieldOf('ConfigWritten', 'Config'));
    expect(fieldOf('Config', 'Engines')).toBe('Engines map[string]ConfigEngine `json:"engines"`');
    expect(fieldOf('ConfigEngine', 'HealthPath')).toBe('HealthPath string `json:"health_path,omitzero"`');
    expect(fieldOf('ConfigAuth', 'TokenTTL')).toBe('TokenTTL any `json:"token_ttl"`');
    expect(fieldOf('ConfigInstances', 'PortRange')).toBe('PortRange [2]int `json:"port_range"`');
  });

  it('know every event, and what its words are', () => {
    expect(models).toContain('\tcase EventTypeGap:\n\t\treturn new(GapEvent)\n');
    expect(models).toMatch(/\tEventTypeDownloadProgress +EventType = "download_progress"\n/);
    expect(models).toContain('\t// No instance has this name.\n\tCodeInstanceNotFound Code = "INSTANCE_NOT_FOUND"\n');
  });

  it('are of a version', () => {
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

  it('stand under comments of a width', () => {
    expect(goComment('one two three', '\t', 8)).toBe('\t// one two\n\t// three\n');
  });
});
