import type { AuditChange } from '@llamactl/contract/auth';
import type { JsonValue } from '@llamactl/contract/request-additions';
import type { InstanceRecord, Settings } from '../ports/instance-record.ts';
import { MASK } from './secret-words.ts';
import { recordChanges } from './setting-changes.ts';

type Edited = Pick<InstanceRecord, 'name' | 'port' | 'portAssigned' | 'settings'>;

/**
 * Returns the old and new values of everything that an edit changed, for the audit trail: the name, and the settings that
 * `recordChanges` returns. Variables of the environment are masked; other secrets are not.
 */
export function editChanges(before: Edited, after: Edited): AuditChange[] {
  const name = before.name === after.name ? [] : [{ path: 'name', before: before.name, after: after.name }];
  const settings = recordChanges(before, after).map((path) => ({
    path,
    before: path === 'port' ? portOf(before, after) : settingOf(before.settings, path),
    after: path === 'port' ? portOf(after, before) : settingOf(after.settings, path),
  }));
  return [...name, ...settings];
}

/** `null`: llamactl chose the same number that the other side sets. */
function portOf({ port, portAssigned }: Edited, other: Edited): JsonValue {
  return portAssigned && port === other.port ? null : port;
}

function settingOf(settings: Settings, path: string): JsonValue {
  // `options` alone stands for another order.
  if (path === 'options') return Object.keys(settings.options);
  const [, map, entry = ''] = /^(options|environment)\.(.*)$/s.exec(path) ?? [];
  if (map === 'environment') return Object.hasOwn(settings.environment, entry) ? MASK : null;
  if (map === 'options') return Object.hasOwn(settings.options, entry) ? (settings.options[entry] ?? null) : null;
  const values: Readonly<Record<string, JsonValue | undefined>> = { ...settings, companions: undefined };
  return values[path] ?? null;
}
