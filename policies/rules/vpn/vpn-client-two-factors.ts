import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const vpnClientTwoFactors: Rule = {
  id: 'vpn-client-two-factors',
  title: 'VPN clients show a certificate and sign in through the identity provider',
  severity: 'error',
  rationale: 'A stolen certificate, or a stolen password, would be enough by itself.',
  remediation:
    'Give the endpoint two authentication_options: certificate-authentication and federated-authentication.',
  unsuppressible: true,
  controls: [...nist80053('AC-17b'), ...iso27001('A.8.5'), ...soc2('cc_6_1')],
  check: resource('aws_ec2_client_vpn_endpoint', (endpoint) => {
    const types = endpoint.blocks('authentication_options').map((option) => textOf(option['type']));
    const both =
      types.includes('certificate-authentication') &&
      types.some(
        (type) =>
          type === 'federated-authentication' || type === 'directory-service-authentication',
      );
    return when(
      both,
      types.join(', ') || 'no authentication_options',
      'certificate-authentication and federated-authentication',
    );
  }),
};
