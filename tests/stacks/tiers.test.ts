import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as holds, integer, property, record } from 'fast-check';
import { contains, formatRange, overlap, parseRange } from '../../contracts/environment/cidr.ts';
import {
  recoverySubnetRange,
  resolverAddress,
  subnetRange,
  tierRange,
  tiers,
} from '../../contracts/environment/tiers.ts';

/** Any range of these prefix lengths, aligned to its own size. */
const ranges = (longest: number, shortest: number) =>
  record({
    prefix: integer({ min: longest, max: shortest }),
    bits: integer({ min: 0, max: 2 ** 32 - 1 }),
  }).map(({ prefix, bits }) => {
    const size = 2 ** (32 - prefix);
    return formatRange({ first: Math.floor(bits / size) * size, prefix });
  });

const parsed = (text: string) => parseRange(text) ?? assert.fail(text);

test('a range that is written is the range that is read', () => {
  holds(
    property(ranges(0, 32), (text) => {
      assert.equal(formatRange(parsed(text)), text);
    }),
  );
});

test('subnets lie in their tier, tiers in the VPC, and no two meet', () => {
  holds(
    property(ranges(16, 20), (vpc) => {
      const subnets = tiers.flatMap((tier) => {
        assert.ok(contains(parsed(vpc), parsed(tierRange(vpc, tier))));
        return [0, 1, 2].map((zone) => {
          const subnet = parsed(subnetRange(vpc, tier, zone));
          assert.ok(contains(parsed(tierRange(vpc, tier)), subnet));
          return subnet;
        });
      });
      for (const [index, subnet] of subnets.entries())
        for (const other of subnets.slice(0, index)) assert.ok(!overlap(subnet, other));
    }),
  );
});

test('even the smallest VPC gives a load balancer and a firewall the addresses they need', () => {
  assert.ok(parsed(subnetRange('10.0.0.0/20', 'edge', 0)).prefix <= 27);
  assert.ok(parsed(subnetRange('10.0.0.0/20', 'firewall', 0)).prefix <= 28);
  // The smallest subnet that AWS makes is a /28.
  assert.ok(parsed(recoverySubnetRange('10.0.0.0/24', 1)).prefix <= 28);
});

test('a subnet never moves when a tier is added: the order of the tiers is held', () => {
  assert.deepEqual([...tiers], ['app', 'data', 'edge', 'egress', 'firewall', 'endpoints', 'vpn']);
});

test('the resolver is the second address of the VPC', () => {
  assert.equal(resolverAddress('10.40.0.0/16'), '10.40.0.2');
});

test('what is no range is read as none', () => {
  for (const text of ['10.0.0.0', '10.0.0.0/33', '256.0.0.0/8', '10.0.0.1/24', '', '::/0', '10/8'])
    assert.equal(parseRange(text), undefined, text);
});
