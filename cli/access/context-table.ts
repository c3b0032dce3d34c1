import type { Context } from '../server/contexts.ts';
import { moment } from '../../format/moment.ts';
import { tokenLife } from './token-life.ts';

/** A context for display, without its secret. */
export interface ShownContext {
  name: string;
  url: string;
  current: boolean;
  username: string | null;
  credentials: 'none' | 'key' | 'token' | 'expired';
  /** RFC 3339; `null`: never, or nothing that can expire. */
  expires_at: string | null;
}

/** @param now Milliseconds since the epoch. */
export function shownContext(name: string, context: Context, current: string | null, now: number): ShownContext {
  const { url, token, username } = context;
  const life = token === undefined ? null : tokenLife(token);
  return {
    name,
    url,
    current: name === current,
    username: username ?? null,
    credentials: token === undefined ? 'none' : life === null ? 'key' : life.until <= now ? 'expired' : 'token',
    expires_at: life === null ? null : new Date(life.until).toISOString(),
  };
}

/** Describes the credentials in words. */
export function credentialsText({ credentials, expires_at: expires, username }: ShownContext): string {
  switch (credentials) {
    case 'none':
      return '-';
    case 'key':
      return 'a key';
    case 'expired':
      return `${username ?? 'log-in'}, expired`;
    case 'token':
      return `${username ?? 'log-in'} until ${expires === null ? '?' : moment(expires)}`;
  }
}
