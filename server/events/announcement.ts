import type { DomainEvent } from '@llamactl/contract/events';

/** The data of a `system_alert` event. */
export type AlertNews = Extract<DomainEvent, { type: 'system_alert' }>['data'];

/** A raised or cleared alert, as it is sent to the webhook and the command. */
export interface Announcement {
  state: 'raised' | 'cleared';
  level: 'warning' | 'error';
  code: string;
  /** `null`: the whole system. */
  instance: string | null;
  /** One line: the machine, the code, the instance. */
  title: string;
  message: string;
  /** RFC 3339. */
  raised_at: string;
}

/** Most characters of a message. Discord accepts 2 000 characters, ntfy 4 096 bytes; this fits both, in any script. */
const LONGEST_MESSAGE = 1_000;
const CONTROLS = /[\p{Cc}\p{Cs}]+/gu;

/** @param hostname name of this machine, for a person who gets the alerts of several */
export function announcementOf(news: AlertNews, raisedAt: string, hostname: string): Announcement {
  const { state, level, code, instance } = news;
  const whose = instance === undefined ? '' : ` (${instance})`;
  const text = news.message.replace(CONTROLS, ' ').trim();
  return {
    state,
    level,
    code,
    instance: instance ?? null,
    title: `llamactl on ${hostname}: ${code}${whose}${state === 'cleared' ? ' is over' : ''}`,
    message: text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE - 1).replace(CONTROLS, '')}…` : text,
    raised_at: raisedAt,
  };
}

/** Whether two announcements of one alert read the same. */
export function isSameNews(one: Announcement, other: Announcement): boolean {
  return one.state === other.state && one.level === other.level && one.message === other.message;
}
