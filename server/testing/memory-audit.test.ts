import { auditContract } from './contracts/audit.contract.ts';
import { MemoryAudit } from './memory-audit.ts';

auditContract('MemoryAudit', async () => {
  const audit = new MemoryAudit();
  return { audit, reopen: async () => audit, dispose: async () => undefined };
});
