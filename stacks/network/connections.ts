import type { Environment } from '../../contracts/environment.ts';
import type { Endpoints } from './endpoints.ts';
import type { GroupSet } from './security-groups.ts';

const descriptions = {
  alb: 'The load balancer at the edge',
  app: 'The CRM',
  'backup-task': 'Tasks of the backup agent',
  database: 'The PostgreSQL database',
  'file-system': 'The shared file system',
  endpoints: 'AWS APIs inside the VPC',
  vpn: 'People who come in by Client VPN',
} as const;
export type GroupName = keyof typeof descriptions;

/** The security groups of the VPC, one for each kind of thing that talks in this environment. */
export function groupDescriptions({ data, vpn }: Environment): Map<GroupName, string> {
  const entries = Object.entries(descriptions) as [GroupName, string][];
  const absent = new Set<GroupName>([
    ...(data.fileSystem ? [] : ['file-system' as const]),
    ...(vpn.clients ? [] : ['vpn' as const]),
  ]);
  return new Map(entries.filter(([name]) => !absent.has(name)));
}

/** Every connection of the tier table, and no other. */
export function connectGroups(
  set: GroupSet<GroupName>,
  environment: Environment,
  { gateways }: Endpoints,
): void {
  const world = { cidrIpv4: '0.0.0.0/0' };
  set.accept('alb', 'internet', world, 443, 'users');
  set.accept('alb', 'internet', world, 80, 'users, who are redirected to 443');
  set.send('alb', 'internet', world, 443, 'token and user endpoints of the sign-in provider');
  set.connect('alb', 'app', environment.network.applicationPort, 'the CRM');
  set.connect('app', 'database', 5432, 'database of the CRM');
  set.connect('backup-task', 'database', 5432, 'backup');
  for (const task of ['app', 'backup-task'] as const) {
    set.connect(task, 'endpoints', 443, 'AWS APIs');
    for (const [service, endpoint] of Object.entries(gateways))
      set.send(task, service, { prefixListId: endpoint.prefixListId }, 443, 'AWS APIs');
    set.send(task, 'internet', world, 443, 'updates and off-site copies, by the allow list');
    if (environment.data.fileSystem) set.connect(task, 'file-system', 2049, 'attachments');
  }
  if (environment.vpn.clients) {
    set.connect('vpn', 'database', 5432, 'operations, database administrators');
    set.connect('vpn', 'app', 443, 'operations, platform engineers');
  }
  for (const site of environment.vpn.sites)
    for (const [index, range] of site.ranges.entries())
      set.accept(
        'app',
        `site-${site.name}-${index}`,
        { cidrIpv4: range },
        443,
        `operations, platform engineers at ${site.name}`,
      );
}
