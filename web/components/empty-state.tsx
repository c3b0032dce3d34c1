import type { ReactNode } from 'react';
import { Icon, type IconName } from './icons.tsx';

/** A place without content: one sentence, and one button. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: IconName;
  title: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-16 text-center">
      {icon !== undefined && (
        <span className="flex size-10 items-center justify-center rounded-panel border border-line bg-panel text-mute">
          <Icon name={icon} size={20} />
        </span>
      )}
      <p className="text-section font-strong">{title}</p>
      {children !== undefined && <div className="max-w-md text-mute">{children}</div>}
      {action}
    </div>
  );
}
