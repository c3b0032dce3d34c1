import type { Role } from '@llamactl/client';
import { Outlet, useMatches } from '@tanstack/react-router';
import { ForbiddenState } from '../components/error-state.tsx';
import { useRole } from '../lib/app.ts';
import { includes } from '../lib/permissions.ts';
import { PLACES } from './places.ts';

/** The page of the address, or why this role does not see it. */
export function GuardedOutlet() {
  // The page that is shown, which is still the last one while the next one loads: that must not mount before it goes.
  const pathname = useMatches({ select: (matches) => matches.at(-1)?.pathname ?? '/' });
  const role = useRole();
  const needed = neededRole(pathname);
  return includes(role, needed) ? <Outlet /> : <ForbiddenState needs={needed} />;
}

/** The role that an address needs. */
function neededRole(pathname: string): Role {
  if (pathname === '/new' || /^\/instances\/[^/]+\/edit$/.test(pathname)) return 'admin';
  return PLACES.find(({ to }) => pathname === to || pathname.startsWith(`${to}/`))?.needs ?? 'viewer';
}
