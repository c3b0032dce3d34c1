import type { InstanceEvent } from '@llamactl/contract/events';

/** What the bus tells of an alert. */
export type AlertNews = Extract<InstanceEvent, { type: 'system_alert' }>['data'];

/** An alert that was raised or is over, in the words that are sent out. */
export interface Announcement {
  state: 'raised' | 'cleared';
  level: 'warning' | 'error';
  code: string;
  /** `null`: the whole system. */
  instance: string | null;
  /** One line: the machine, what, whose. */
  title: string;
  message: string;
  /** RFC 3339. */
  raised_at: string;
}

/** Discord takes 2 000 characters, ntfy 4 096 bytes: this is under both, in any script. */
const LONGEST_MESSAGE = 1_000;
const CONTROLS = /[\p{Cc}\p{Cs}]+/gu;

/** @param hostname which machine: several may tell one person */
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

/** Whether two announcements of one alert tell a person the same. */
export function tellsTheSame(one: Announcement, other: Announcement): boolean {
  return one.state === other.state && one.level === other.level && one.message === other.message;
}
