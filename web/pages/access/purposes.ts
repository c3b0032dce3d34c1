import type { CreateKey, Role, Scope } from '@llamactl/client';
import { includes } from '../../lib/permissions.ts';
import { limitNumbers, NO_LIMITS, type LimitTexts } from './limits.ts';

/** Programs that a key can be for. */
export const PURPOSES = ['editor', 'openWebUi', 'prometheus', 'ci', 'other'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** When a key ends, in days. */
export const ENDS = ['30', '90', '365', 'never'] as const;
export type End = (typeof ENDS)[number];

/** The form of a new key. */
export interface KeyDraft {
  name: string;
  purpose: Purpose;
  mayCall: boolean;
  mayStart: boolean;
  mayReadMetrics: boolean;
  role: Role | 'none';
  /** `null`: all. */
  instances: readonly string[] | null;
  end: End;
  /** The account that gets the key; `null`: one's own. */
  owner: string | null;
  limits: LimitTexts;
}

/** Whether a role may call models, and with it its keys. */
export function mayCallModels(role: Role): boolean {
  return includes(role, 'operator');
}

/** The programs that a key of a role can be for. */
export function purposesOf(role: Role): readonly Purpose[] {
  return mayCallModels(role) ? PURPOSES : ['prometheus', 'other'];
}

/** Suggests what a program needs, within the rights of a role. Name, owner, instances, limits and an end that was chosen stay. */
export function withPurpose(draft: KeyDraft, purpose: Purpose, role: Role): KeyDraft {
  const isReader = purpose === 'prometheus' || !mayCallModels(role);
  return {
    ...draft,
    purpose,
    mayCall: !isReader,
    mayStart: !isReader && purpose !== 'ci',
    mayReadMetrics: isReader,
    role: 'none',
    end: purpose === 'ci' && draft.end === 'never' ? '90' : draft.end,
  };
}

/** Gives the key to another account. Its rights are suggested again, within the role of that account. */
export function withOwner(draft: KeyDraft, owner: string | null, role: Role): KeyDraft {
  const [first = 'other', ...others] = purposesOf(role);
  const purpose = others.includes(draft.purpose) ? draft.purpose : first;
  return withPurpose({ ...draft, owner }, purpose, role);
}

/** The form of a new key for an account with a role. @param owner `null`: one's own. */
export function newKey(role: Role, owner: string | null = null): KeyDraft {
  const blank: KeyDraft = {
    name: '',
    purpose: 'editor',
    mayCall: false,
    mayStart: false,
    mayReadMetrics: false,
    role: 'none',
    instances: null,
    end: 'never',
    owner: null,
    limits: NO_LIMITS,
  };
  return withOwner(blank, owner, role);
}

/** The first thing that is missing in a draft; `null`: nothing. */
export function flawOf({
  name,
  mayCall,
  mayReadMetrics,
  role,
  instances,
  limits,
}: KeyDraft): 'name' | 'right' | 'instance' | 'limit' | null {
  if (name.trim() === '') return 'name';
  if (!mayCall && !mayReadMetrics && role === 'none') return 'right';
  if (instances?.length === 0) return 'instance';
  return limitNumbers(limits) === null ? 'limit' : null;
}

/** The body that makes the key. @param now Milliseconds since the epoch. */
export function keyBody(draft: KeyDraft, now: number): CreateKey {
  const scopes = [
    ...(draft.mayCall ? (['inference'] as const) : []),
    ...(draft.mayReadMetrics ? (['metrics'] as const) : []),
    ...(draft.role === 'none' ? [] : [draft.role]),
  ];
  const limits = Object.entries(limitNumbers(draft.limits) ?? {}).filter(([, limit]) => limit > 0);
  return {
    name: draft.name.trim(),
    scopes,
    may_start: draft.mayStart,
    ...(draft.instances === null ? {} : { instances: [...draft.instances] }),
    ...(draft.owner === null ? {} : { owner: draft.owner }),
    ...Object.fromEntries(limits),
    ...(draft.end === 'never' ? {} : { expires_at: new Date(now + Number(draft.end) * 86_400_000).toISOString() }),
  };
}

/** The address of a part of the server as programs need it: `https://ai.example.com/llm/v1`. */
export function addressOf(page: string, path: string): string {
  return new URL(path, page.replace(/#.*$/, '')).href;
}

/** Whether a key with these rights may call models. */
export function scopesCall(scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => scope === 'inference' || scope === 'operator' || scope === 'admin');
}

/** The text to paste into the program that a key is for. @param scopes The rights of the key. */
export function snippetOf(
  purpose: Exclude<Purpose, 'editor'>,
  secret: string,
  page: string,
  scopes: readonly Scope[],
): string {
  const base = addressOf(page, 'v1');
  switch (purpose) {
    case 'openWebUi':
      return `URL: ${base}\nKey: ${secret}`;
    case 'prometheus': {
      const { protocol, host, pathname } = new URL(addressOf(page, 'metrics'));
      return [
        'scrape_configs:',
        '  - job_name: llamactl',
        `    scheme: ${protocol.replace(':', '')}`,
        `    metrics_path: ${pathname}`,
        `    authorization: { credentials: ${secret} }`,
        '    static_configs:',
        `      - targets: ['${host}']`,
      ].join('\n');
    }
    case 'ci':
      return `OPENAI_BASE_URL=${base}\nOPENAI_API_KEY=${secret}`;
    case 'other':
      return `curl ${tryAddress(page, scopes)} -H "Authorization: Bearer ${secret}"`;
  }
}

/** An address that a key may read, to try it. */
function tryAddress(page: string, scopes: readonly Scope[]): string {
  if (scopesCall(scopes)) return addressOf(page, 'v1/models');
  return addressOf(page, scopes.includes('viewer') ? 'api/instances' : 'metrics');
}
