import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { synthesize, type Attributes, type StackJson } from '../support.ts';
import { Network } from './flows.ts';
import { world } from './resolve.ts';

/** The tier table, for production: the application listens on 8443, headquarters has a tunnel. */
const tierTable = [
  'internet > edge 443',
  'internet > edge 80',
  // The load balancer itself asks the sign-in provider for tokens.
  'edge > internet 443 directly',
  'edge > app 8443',
  'app > data 5432',
  'backup task > data 5432',
  'crm-database-administrators by VPN > data 5432',
  'crm-platform-engineers by VPN > app 443',
  'office > app 443',
  'app > endpoints 443',
  'app > s3 443',
  'app > dynamodb 443',
  'app > internet 443 through the firewall',
  'backup task > endpoints 443',
  'backup task > s3 443',
  'backup task > dynamodb 443',
  'backup task > internet 443 through the firewall',
  'drill > recovery endpoints 443',
  'drill > s3 443',
].sort();

const production = await synthesize('production');

test('production lets exactly the flows of the tier table pass', () => {
  assert.deepEqual(new Network(world(production)).flows(), tierTable);
});

test('nothing opens a way that the analysis does not read', () => {
  const others =
    /^aws_(vpc_peering|ec2_transit|ec2_managed_prefix|egress_only|network_interface|instance|security_group_rule|vpc_ipv|vpc_endpoint_service|globalaccelerator|dx_|vpn_gateway_route)/;
  for (const { type, id, attributes } of world(production).all) {
    assert.doesNotMatch(type, others, id);
    for (const inline of ['ingress', 'egress', 'route', 'ipv6_cidr_block', 'cidr_ipv6'])
      if (/^aws_(default_)?(security_group|network_acl|route_table|vpc|subnet)$/.test(type))
        assert.deepEqual(attributes[inline] ?? [], [], `${type}.${id} ${inline}`);
  }
});

test('the flows work between all zones, from every port that the caller uses', () => {
  const network = new Network(world(production));
  const linux = [32_768, 45_000, 65_535];
  assert.ok(network.everywhere('edge', 'app', 8443, [1024, 3389, 65_535]));
  for (const [from, to, port] of [
    ['app', 'data', 5432],
    ['backup task', 'data', 5432],
    ['app', 'endpoints', 443],
    ['backup task', 'endpoints', 443],
    ['drill', 'recovery endpoints', 443],
  ] as const)
    assert.ok(network.everywhere(from, to, port, linux), `${from} > ${to}`);
  for (const name of ['app', 'backup task'])
    assert.deepEqual(network.waysOut(name, 443), ['through the firewall']);
});

test('sandbox, without a firewall, lets the app tier out by NAT and nobody in by VPN', async () => {
  const flows = new Network(world(await synthesize('sandbox'))).flows();
  const expected = tierTable
    .filter((flow) => !/VPN|office/.test(flow))
    .map((flow) => flow.replace('through the firewall', 'by NAT'));
  assert.deepEqual(flows, expected.sort());
});

/** Production's JSON with one resource added or changed in the network stack. */
function broken(type: string, id: string, attributes: Attributes): Record<string, StackJson> {
  const copy = structuredClone(production) as Record<string, StackJson>;
  const resources = copy['network']?.resource as Record<string, Record<string, Attributes>>;
  const ofType = (resources[type] ??= {});
  ofType[id] = { ...ofType[id], ...attributes };
  return copy;
}

function newFlows(stacks: Record<string, StackJson>): string[] {
  return new Network(world(stacks)).flows().filter((flow) => !tierTable.includes(flow));
}

const data = {
  group: '${aws_security_group.groups_database.id}',
  acl: '${aws_network_acl.data_acl.id}',
};

suite('the analysis itself sees', () => {
  test('that one opening alone (a group, an ACL or a route) reaches no database', () => {
    const openings: [string, string, Attributes][] = [
      [
        'aws_vpc_security_group_ingress_rule',
        'opened',
        {
          security_group_id: data.group,
          cidr_ipv4: '0.0.0.0/0',
          ip_protocol: 'tcp',
          from_port: 5432,
          to_port: 5432,
        },
      ],
      [
        'aws_network_acl_rule',
        'opened',
        {
          network_acl_id: data.acl,
          egress: false,
          rule_number: 1,
          rule_action: 'allow',
          protocol: '-1',
          cidr_block: '0.0.0.0/0',
        },
      ],
      [
        'aws_route',
        'opened',
        {
          route_table_id: '${aws_route_table.data_routes-a.id}',
          destination_cidr_block: '0.0.0.0/0',
          gateway_id: '${aws_internet_gateway.out_internet.id}',
        },
      ],
    ];
    for (const [type, id, attributes] of openings)
      assert.deepEqual(newFlows(broken(type, id, attributes)), []);
  });

  test('a security group that lets the load balancer reach the app on another port', () => {
    const both = broken('aws_vpc_security_group_ingress_rule', 'groups_app-from-alb-8443', {
      from_port: 8000,
      to_port: 9000,
    });
    const resources = both['network']?.resource as Record<string, Record<string, Attributes>>;
    const egress = resources['aws_vpc_security_group_egress_rule'] ?? {};
    egress['groups_alb-to-app-8443'] = {
      ...egress['groups_alb-to-app-8443'],
      from_port: 8000,
      to_port: 9000,
    };
    const acls = resources['aws_network_acl_rule'] ?? {};
    for (const [id, rule] of Object.entries(acls))
      if (rule['from_port'] === 8443) acls[id] = { ...rule, from_port: 8000, to_port: 9000 };
    const flows = newFlows(both);
    assert.ok(flows.includes('edge > app 8080'));
    assert.ok(flows.every((flow) => flow.startsWith('edge > app ')));
  });

  test('a route of the app tier past the firewall', () => {
    const flows = newFlows(
      broken('aws_route', 'out_app-b-to-internet', {
        vpc_endpoint_id: undefined,
        nat_gateway_id: '${aws_nat_gateway.out_nat-b.id}',
      }),
    );
    assert.ok(flows.includes('app > internet 443 by NAT'), flows.join('\n'));
  });

  test('replies that return past the firewall', () => {
    const flows = newFlows(
      broken('aws_route', 'out_egress-c-to-app', { destination_cidr_block: '10.99.0.0/24' }),
    );
    assert.ok(flows.includes('app > internet 443 past the firewall on the way back'));
  });

  test('a VPN authorization for all groups', () => {
    const copy = structuredClone(production) as Record<string, StackJson>;
    const vpn = copy['vpn']?.resource as Record<string, Record<string, Attributes>>;
    const rules = vpn['aws_ec2_client_vpn_authorization_rule'] ?? {};
    rules['opened'] = {
      ...Object.values(rules)[0],
      authorize_all_groups: true,
      target_network_cidr: '10.40.0.0/16',
    };
    assert.deepEqual(newFlows(copy), [
      'everybody by VPN > app 443',
      'everybody by VPN > data 5432',
    ]);
  });

  test('data opened to the internet by a group, an ACL and a route together', () => {
    const copy = broken('aws_vpc_security_group_ingress_rule', 'opened', {
      security_group_id: data.group,
      cidr_ipv4: '0.0.0.0/0',
      ip_protocol: 'tcp',
      from_port: 5432,
      to_port: 5432,
    });
    const resources = copy['network']?.resource as Record<string, Record<string, Attributes>>;
    for (const [id, egress] of [
      ['in', false],
      ['out', true],
    ] as const)
      (resources['aws_network_acl_rule'] ??= {})[id] = {
        network_acl_id: data.acl,
        egress,
        rule_number: 1,
        rule_action: 'allow',
        protocol: '-1',
        cidr_block: '0.0.0.0/0',
      };
    (resources['aws_route'] ??= {})['opened'] = {
      route_table_id: '${aws_route_table.data_routes-a.id}',
      destination_cidr_block: '0.0.0.0/0',
      gateway_id: '${aws_internet_gateway.out_internet.id}',
    };
    assert.deepEqual(newFlows(copy), ['internet > data 5432']);
  });
});
