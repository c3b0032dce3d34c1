import { PERMISSIONS, type NarrowScope, type Permission } from '@llamactl/contract/permissions';
import { describe, expect, it } from 'vitest';
import { anonymousAdmin, anonymousInference, type Caller } from './caller.ts';
import { mayCall, maySee } from './permissions.ts';

const rights = (role: Caller['role'], ...scopes: NarrowScope[]): Pick<Caller, 'role' | 'scopes'> => ({
  role,
  scopes: new Set(scopes),
});

const CALLERS = {
  'no credentials': null,
  viewer: rights('viewer'),
  operator: rights('operator'),
  admin: rights('admin'),
  'inference key': rights(null, 'inference'),
  'metrics key': rights(null, 'metrics'),
  'key of both': rights(null, 'inference', 'metrics'),
  'viewer key with inference': rights('viewer', 'inference'),
  'authentication off': anonymousAdmin(),
  'open inference': anonymousInference(),
} satisfies Record<string, Pick<Caller, 'role' | 'scopes'> | null>;

const TABLE: Record<Permission, readonly (keyof typeof CALLERS)[]> = {
  public: Object.keys(CALLERS) as (keyof typeof CALLERS)[],
  viewer: ['viewer', 'operator', 'admin', 'viewer key with inference', 'authentication off'],
  operator: ['operator', 'admin', 'authentication off'],
  admin: ['admin', 'authentication off'],
  account: ['viewer', 'operator', 'admin', 'viewer key with inference', 'authentication off'],
  inference: [
    'operator',
    'admin',
    'inference key',
    'key of both',
    'viewer key with inference',
    'authentication off',
    'open inference',
  ],
  metrics: [
    'viewer',
    'operator',
    'admin',
    'metrics key',
    'key of both',
    'viewer key with inference',
    'authentication off',
  ],
};

describe('the permission table', () => {
  it('has a row for every permission', () => {
    expect(Object.keys(TABLE)).toEqual(Object.keys(PERMISSIONS));
  });

  const cells = Object.entries(TABLE).flatMap(([permission, allowed]) =>
    Object.entries(CALLERS).map(([name, caller]) => ({
      permission: permission as Permission,
      name,
      caller,
      may: allowed.some((one) => one === name),
    })),
  );
  it.each(cells)('$permission × $name: $may', ({ permission, caller, may }) => {
    expect(mayCall(caller, permission)).toBe(may);
  });
});

describe('the instances that a caller may see', () => {
  it('are all, or those of its list', () => {
    expect(maySee({ instances: null }, 'i1')).toBe(true);
    expect(maySee({ instances: new Set(['i1']) }, 'i1')).toBe(true);
    expect(maySee({ instances: new Set(['i1']) }, 'i2')).toBe(false);
    expect(maySee({ instances: new Set() }, 'i1')).toBe(false);
  });
});
