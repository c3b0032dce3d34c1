import { Link } from '@tanstack/react-router';
import type { SystemInfo } from '@llamactl/client';
import { clockTime } from '../../../format/clock-time.ts';
import { memoryText } from '../../lib/figures.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Facts } from '../../components/panel.tsx';
import { useWords } from '../../lib/language.ts';
import { serverAddress } from '../../lib/server-address.ts';
import { systemWords } from '../../words/system.ts';

/** The version of llamactl, its addresses, and the machine. */
export function ServerFacts({ info }: { info: SystemInfo }) {
  const words = useWords(systemWords);
  const { facts } = words;
  const address = serverAddress(location.href).replace(/\/api$/, '');
  return (
    <Facts
      facts={[
        [facts.version, info.version],
        info.commit === null ? null : [facts.commit, <code key="commit">{info.commit.slice(0, 12)}</code>],
        [facts.built, clockTime(info.build_time, null)],
        [facts.address, <Address key="address" url={`${address}/`} />],
        [facts.gateway, <Address key="gateway" url={`${address}/v1`} />],
        [
          facts.reference,
          <Link key="reference" to="/api" className="text-accent hover:underline">
            {words.open}
          </Link>,
        ],
        [facts.host, info.hostname],
        [facts.system, `${info.os} ${info.arch}`],
        [facts.processor, [info.cpu_model, words.cores(info.cpu_count)].filter((part) => part !== null).join(' · ')],
        [facts.memory, memoryText(info.memory_total)],
      ]}
    />
  );
}

function Address({ url }: { url: string }) {
  return (
    <span className="-my-1 flex items-center gap-1">
      <code className="min-w-0 break-all">{url}</code>
      <CopyButton text={url} />
    </span>
  );
}
