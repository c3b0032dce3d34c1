import { classNames } from '../lib/class-names.ts';

/** Our icons: lines on a grid of 16 px. */
const PATHS = {
  access: 'M10.5 9.5a4 4 0 1 0-3.8-2.700L2 11.5V14h2.5v-1.5H6V11h1.5l1.3-1.3c.5.2 1.1.3 1.7-.2ZM11 5h.01',
  check: 'm3 8.5 3.2 3.200L13 5',
  'chevron-down': 'm4 6 4 4 4-4',
  'chevron-left': 'm10 4-4 4 4 4',
  'chevron-right': 'm6 4 4 4-4 4',
  'chevron-up': 'm4 10 4-4 4 4',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 4.5V8l2.5 1.5',
  code: 'm5 4.5-3.5 3.5L5 11.5M11 4.5l3.5 3.5-3.5 3.5M9.3 3l-2.6 10',
  columns: 'M2.5 3h11v10h-11ZM6.2 3v10M9.8 3v10',
  copy: 'M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3',
  cross: 'm4 4 8 8M12 4l-8 8',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
  device: 'M2 3h12v8H2ZM5.5 13.5h5M8 11v2.5',
  download: 'M8 2.5v7.5M5 7l3 3 3-3M2.5 13.5h11',
  edit: 'M2.5 13.5h2.700L13 5.7 10.3 3 2.5 10.800ZM8.7 4.600l2.7 2.7',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8ZM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z',
  'eye-off':
    'M6.4 3.700A6.8 6.8 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a11 11 0 0 1-1.6 2.100M4 4.600A11 11 0 0 0 1.5 8S4 12.5 8 12.5c1.5 0 2.8-.6 3.8-1.400M2.5 2.5l11 11',
  external: 'M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4',
  file: 'M3.5 1.5h6l3 3v10h-9ZM9.5 1.5v3h3',
  filter: 'M2 3.5h12M4.5 8h7M6.5 12.5h3',
  folder: 'M1.5 13V3h4.700l1.5 2h6.800v8Z',
  image: 'M2 3h12v10H2ZM2 11l3.5-3.5L9 11M8 10l2.5-2.5L14 11M10.5 5.5h.01',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM8 7.3V11M8 5h.01',
  instances: 'M2 2.5h12v4.5H2ZM2 9h12v4.5H2ZM4.5 4.800h.01M4.5 11.3h.01',
  keyboard: 'M1.5 4h13v8h-13ZM4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M4.5 9.5h7',
  language: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14C6 12 5.5 10 5.5 8S6 4 8 2Z',
  light:
    'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.400l.7.7M11.9 11.900l.7.7M3.4 12.600l.7-.7M11.9 4.100l.7-.7',
  link: 'M7 9.5a2.7 2.7 0 0 0 4 .2l2-2a2.7 2.7 0 0 0-3.8-3.800l-.9.9M9 6.5a2.7 2.7 0 0 0-4-.2l-2 2a2.7 2.7 0 0 0 3.8 3.800l.9-.9',
  'log-out': 'M6.5 13.5h-4v-11h4M10.5 11l3-3-3-3M13.5 8h-8',
  lock: 'M3.5 7.5h9v6h-9ZM5.5 7.5v-2a2.5 2.5 0 0 1 5 0v2',
  logs: 'M2.5 3.5h11M2.5 6.5h7M2.5 9.5h11M2.5 12.5h5',
  menu: 'M2.5 4h11M2.5 8h11M2.5 12h11',
  models: 'M8 1.5 14 5v6l-6 3.5L2 11V5ZM2 5l6 3.5L14 5M8 8.5v6',
  microphone: 'M8 1.5a2 2 0 0 0-2 2v4a2 2 0 0 0 4 0v-4a2 2 0 0 0-2-2ZM3.5 7.5a4.5 4.5 0 0 0 9 0M8 12v2.5M5.5 14.5h5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  pause: 'M5 3.5v9M11 3.5v9',
  pin: 'M5.5 2h5M6.5 2v4L4 9.5h8L9.5 6V2M8 9.5V14.5',
  playground: 'M2 3h12v8H7.5L4.5 13.5V11H2ZM5 6h6M5 8.3h4',
  plus: 'M8 3v10M3 8h10',
  refresh: 'M13.5 2.5v4h-4M13 6.5A5.5 5.5 0 1 0 13.5 9',
  requests: 'M2 4.5h8M7.5 2 10 4.5 7.5 7M14 11.5H6M8.5 9 6 11.5 8.5 14',
  restart: 'M2.5 2.5v4h4M3 6.5A5.5 5.5 0 1 1 2.5 9',
  save: 'M2.5 2.5h9l2 2v9h-11ZM5 2.5v4h5v-4M5 13.5v-4h6v4',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10ZM10.7 10.7 14 14',
  send: 'M2 8 14 2.5 10.5 13.5 7.5 9Z',
  settings:
    'M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 6a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM5.5 13a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z',
  start: 'M4.5 2.800v10.400L13 8Z',
  stop: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12ZM6.75 6.75h2.5v2.5h-2.5Z',
  system: 'M1.5 8.5h3l2-5.5 3 10 2-4.5h3',
  trash: 'M2.5 4h11M6 4V2h4v2M4 4l.7 10h6.600L12 4M6.7 7v4.5M9.3 7v4.5',
  upload: 'M8 10.5V3M5 5.5l3-3 3 3M2.5 13.5h11',
  user: 'M8 8a2.7 2.7 0 1 0 0-5.5A2.7 2.7 0 0 0 8 8ZM2.8 14c.4-2.6 2.5-4 5.2-4s4.8 1.4 5.2 4',
  follow: 'm4 3.5 4 4 4-4M4 8.5l4 4 4-4',
  wrap: 'M2.5 3.5h11M2.5 7.5h9a2.2 2.2 0 0 1 0 4.5H7.5M9 10l-2 2 2 2M2.5 12h2',
  warning: 'M8 2 14.5 13.5h-13ZM8 6.5v3.5M8 11.800h.01',
} as const;

/** The name of an icon. */
export type IconName = keyof typeof PATHS;

interface IconProps {
  name: IconName;
  /** Pixels; default 16. */
  size?: number;
  className?: string;
}

/** An icon in the colour of its text. It has no name of its own: give the button or text beside it one. */
export function Icon({ name, size = 16, className }: IconProps) {
  return (
    <svg
      aria-hidden="true"
      className={classNames('shrink-0', className)}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.25 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
