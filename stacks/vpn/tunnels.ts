import type { VpnConnectionConfig } from '@cdktf/provider-aws/lib/vpn-connection/index.js';

/** IKEv2 alone, AES-256-GCM, SHA-384, and elliptic curves of 384 and 521 bits (groups 20 and 21). */
const ciphers = {
  IkeVersions: ['ikev2'],
  Phase1EncryptionAlgorithms: ['AES256-GCM-16'],
  Phase2EncryptionAlgorithms: ['AES256-GCM-16'],
  Phase1IntegrityAlgorithms: ['SHA2-384'],
  Phase2IntegrityAlgorithms: ['SHA2-384'],
  Phase1DhGroupNumbers: [20, 21],
  Phase2DhGroupNumbers: [20, 21],
  DpdTimeoutAction: 'restart',
  StartupAction: 'add',
} as const;

/** Both tunnels' settings, with their logs sent to a group. */
export function tunnels(logGroupArn: string): Partial<VpnConnectionConfig> {
  const options = {
    cloudwatchLogOptions: { logEnabled: true, logGroupArn, logOutputFormat: 'json' },
  };
  const settings = ['tunnel1', 'tunnel2'].flatMap((tunnel) => [
    ...Object.entries(ciphers).map(([name, value]) => [`${tunnel}${name}`, value] as const),
    [`${tunnel}LogOptions`, options] as const,
  ]);
  // The names are the configuration's own, made of a tunnel and a setting.
  return Object.fromEntries(settings) as Partial<VpnConnectionConfig>;
}
