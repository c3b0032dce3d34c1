import type { CreateKey, Role } from '@llamactl/client';

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
}

/** Suggests what a program needs. Name and instances stay. */
export function withPurpose(draft: KeyDraft, purpose: Purpose): KeyDraft {
  const isReader = purpose === 'prometheus';
  return {
    ...draft,
    purpose,
    mayCall: !isReader,
    mayStart: !isReader && purpose !== 'ci',
    mayReadMetrics: isReader,
    role: 'none',
    end: purpose === 'ci' ? '90' : purpose === 'other' ? draft.end : 'never',
  };
}

export const NEW_KEY: KeyDraft = withPurpose(
  {
    name: '',
    purpose: 'editor',
    mayCall: true,
    mayStart: true,
    mayReadMetrics: false,
    role: 'none',
    instances: null,
    end: 'never',
  },
  'editor',
);

/** The first thing that is missing in a draft; `null`: nothing. */
export function flawOf({
  name,
  mayCall,
  mayReadMetrics,
  role,
  instances,
}: KeyDraft): 'name' | 'right' | 'instance' | null {
  if (name.trim() === '') return 'name';
  if (!mayCall && !mayReadMetrics && role === 'none') return 'right';
  return instances?.length === 0 ? 'instance' : null;
}

/** The body that makes the key. @param now Milliseconds since the epoch. */
export function keyBody(draft: KeyDraft, now: number): CreateKey {
  const scopes = [
    ...(draft.mayCall ? (['inference'] as const) : []),
    ...(draft.mayReadMetrics ? (['metrics'] as const) : []),
    ...(draft.role === 'none' ? [] : [draft.role]),
  ];
  return {
    name: draft.name.trim(),
    scopes,
    may_start: draft.mayStart,
    ...(draft.instances === null ? {} : { instances: [...draft.instances] }),
    ...(draft.end === 'never' ? {} : { expires_at: new Date(now + Number(draft.end) * 86_400_000).toISOString() }),
  };
}

/** The address of a part of the server as programs need it: `https://ai.example.com/llm/v1`. */
export function addressOf(page: string, path: string): string {
  return new URL(path, page.replace(/#.*$/, '')).href;
}

/** The text to paste into the program that a key is for. */
export function snippetOf(purpose: Purpose, secret: string, page: string): string {
  const base = addressOf(page, 'v1');
  switch (purpose) {
    case 'editor':
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
      return `curl ${base}/models -H "Authorization: Bearer ${secret}"`;
  }
}
