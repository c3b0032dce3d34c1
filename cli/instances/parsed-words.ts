import type { ParsedSettings } from '@llamactl/client';

/** The settings that a text of another program became, each in words: `ctx_size=8192`, `aliases gpt-4o, gpt`. Variables without their values. */
export function parsedWords({ name: _name, engine: _engine, ...settings }: ParsedSettings): string[] {
  const {
    options = {},
    environment = {},
    aliases = [],
    request_strip: strip = [],
    request_defaults: defaults = {},
    ...plain
  } = settings;
  return [
    ...Object.entries(plain).map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(' ') : String(value)}`),
    ...Object.entries(options).map(([key, value]) => `${key}=${String(value)}`),
    ...listed('environment', Object.keys(environment)),
    ...listed('aliases', aliases),
    ...listed('request_strip', strip),
    ...listed(
      'request_defaults',
      Object.entries(defaults).map(([key, value]) => `${key}=${JSON.stringify(value)}`),
    ),
  ];
}

function listed(setting: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`${setting} ${items.join(' ')}`];
}
