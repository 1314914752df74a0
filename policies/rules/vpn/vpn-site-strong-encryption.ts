import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList, textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

const strong: Readonly<Record<string, RegExp>> = {
  ike_versions: /^ikev2$/,
  phase1_encryption_algorithms: /^AES256-GCM-16$/,
  phase2_encryption_algorithms: /^AES256-GCM-16$/,
  phase1_integrity_algorithms: /^SHA2-(384|512)$/,
  phase2_integrity_algorithms: /^SHA2-(384|512)$/,
  phase1_dh_group_numbers: /^(19|20|21|24)$/,
  phase2_dh_group_numbers: /^(19|20|21|24)$/,
};

export const vpnSiteStrongEncryption: Rule = {
  id: 'vpn-site-strong-encryption',
  title: 'Site-to-site tunnels use IKEv2 with AES-256-GCM, SHA-2 and large groups only',
  severity: 'error',
  rationale: 'A peer that may choose chooses what an attacker pushes it to.',
  remediation:
    'Set the ike_versions, encryption algorithms, integrity algorithms and DH groups of both tunnels and phases.',
  controls: [...afsbp('EC2.20'), ...nist80053('SC-8', 'SC-13'), ...iso27001('A.8.14', 'A.8.20')],
  check: resource('aws_vpn_connection', (connection) => {
    const weak = ['tunnel1', 'tunnel2'].flatMap((tunnel) =>
      Object.entries(strong).flatMap(([option, pattern]) => {
        const values = asList(connection.get(`${tunnel}_${option}`)).map(textOf);
        return values.length > 0 && values.every((value) => pattern.test(value))
          ? []
          : [`${tunnel}_${option} is ${values.join(', ') || 'not set'}`];
      }),
    );
    return when(
      weak.length === 0,
      weak.join('; '),
      'ikev2, AES256-GCM-16, SHA2-384 or more, group 19 or more',
    );
  }),
};
