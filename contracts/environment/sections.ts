import { z } from 'zod';
import { name } from '../names.ts';
import { privateRange } from './cidr.ts';

export const accountId = z.string().regex(/^\d{12}$/, 'must be 12 digits, in quotes');
export const regionName = z
  .string()
  .regex(/^[a-z]{2,4}(-[a-z]+)+-\d$/, 'must be a region such as eu-central-1');
const arn = z.string().regex(/^arn:aws[a-z-]*:[a-z0-9-]+:/, 'must be an ARN');
const domain = z
  .string()
  .regex(/^(\.?[a-z0-9-]+)(\.[a-z0-9-]+)+$/, 'must be a domain such as crm.example.com');
const hostName = domain.refine((text) => !text.startsWith('.'), 'must not start with a dot');
const country = z.string().regex(/^[A-Z]{2}$/, 'must be an ISO 3166 code such as DE');
const hours = z.int().min(1).max(12);

/** Days that CloudWatch Logs can keep a log group. */
const logDays = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
];

export const network = z.strictObject({
  /** A tier takes an eighth of it, a zone a quarter of its tier. */
  vpcCidr: privateRange(16, 20),
  /** The isolated VPC in the off-site region, in which drills run. */
  recoveryCidr: privateRange(16, 24),
  zones: z.int().min(2).max(3),
  natGateways: z.enum(['one', 'per-zone']),
  /** AWS Network Firewall between the app tier and the internet. */
  firewall: z.boolean(),
  /** The firewall can be neither deleted nor moved by one call. */
  deletionProtection: z.boolean().default(true),
  /** DNS answers only for AWS's own names and the allowed domains. */
  dnsFirewall: z.boolean().default(true),
  /** What the app tier may reach; a leading dot takes in all sub-domains. */
  allowedDomains: z.array(domain).default([]),
  applicationPort: z.int().min(1024).max(65_535).default(8443),
});

const oidc = z.strictObject({
  type: z.literal('oidc'),
  /** The provider must require MFA: the door cannot see whether it did. */
  issuer: z.url({ protocol: /^https$/ }),
  authorizationEndpoint: z.url({ protocol: /^https$/ }),
  tokenEndpoint: z.url({ protocol: /^https$/ }),
  userInfoEndpoint: z.url({ protocol: /^https$/ }),
  clientId: z.string().min(1),
  /** The Secrets Manager secret that holds the client's secret. */
  clientSecretArn: arn,
});

const cognito = z.strictObject({
  type: z.literal('cognito'),
  /** What the hosted sign-in page's name starts with; a hyphen and eight random digits follow, 63 in all. */
  domainPrefix: name
    .max(54, 'must have at most 54 characters')
    .refine(
      (text) => !/aws|amazon|cognito/.test(text),
      'must not hold aws, amazon or cognito, which Cognito refuses',
    ),
});

export const edge = z.strictObject({
  domain: hostName,
  hostedZoneId: z.string().regex(/^Z[A-Z0-9]+$/, 'must be a Route 53 hosted zone id'),
  signIn: z.discriminatedUnion('type', [oidc, cognito]),
  sessionHours: hours.default(8),
  /** Where people sign in to the CRM: a stricter rate rule watches these. */
  loginPaths: z.array(z.string().startsWith('/')).min(1),
  healthPath: z.string().startsWith('/').default('/health'),
  /** Requests of one address in five minutes. */
  rateLimit: z.int().min(10).max(100_000).default(2000),
  loginRateLimit: z.int().min(10).max(1000).default(50),
  /** The only countries that may come in; empty for all. */
  countries: z.array(country).default([]),
  botControl: z.boolean().default(false),
  /** Where bodies above 8 KiB may go: the load balancer shows the firewall no more of a body. */
  uploadPaths: z.array(z.string().startsWith('/')).default(['/attachments']),
  deletionProtection: z.boolean().default(true),
});

const site = z.strictObject({
  name,
  /** The public address of the office's gateway. */
  gatewayAddress: z.ipv4(),
  asn: z.int().min(64_512).max(65_534).default(65_000),
  /** What lies behind the gateway. */
  ranges: z.array(privateRange(8, 32)).min(1),
});

export const vpn = z.strictObject({
  clients: z
    .strictObject({
      clientCidr: privateRange(12, 22),
      serverCertificateArn: arn,
      /** The certificate authority that signs the clients' certificates, in ACM. */
      clientRootCertificateArn: arn,
      samlProviderArn: arn,
      /** The identity provider's groups that may connect. */
      groups: z.strictObject({
        platformEngineers: z.string().min(1),
        databaseAdministrators: z.string().min(1),
      }),
      sessionHours: z.union([z.literal(8), z.literal(10), z.literal(12), z.literal(24)]).default(8),
      banner: z.string().min(1).max(1400),
    })
    .optional(),
  sites: z.array(site).default([]),
});

export const identity = z.strictObject({
  /** The account whose users people are: AWS tells of a second factor for users alone. */
  trustedAccount: accountId,
  sessionHours: hours.default(4),
  deploy: z.strictObject({
    /** The CI system's OIDC issuer, without https://. */
    issuer: hostName,
    audience: z.string().min(1),
    /** Exact subjects; a wildcard would let another repository deploy. */
    subjects: z.array(z.string().regex(/^[^*?]+$/, 'must not hold a wildcard')).min(1),
  }),
  /** Days without use after which Access Analyzer reports a right. */
  unusedAccessDays: z.int().min(1).max(180).default(90),
});

export const data = z.strictObject({
  engineVersion: z.string().regex(/^\d{2}(\.\d+)?$/, 'must be a PostgreSQL version such as 17.6'),
  instanceClass: z
    .string()
    .regex(/^db\.[a-z0-9]+\.[a-z0-9]+$/, 'must be a class such as db.m7g.large'),
  storageGiB: z.int().min(20).max(65_536),
  maxStorageGiB: z.int().min(20).max(65_536),
  multiAz: z.boolean(),
  deletionProtection: z.boolean().default(true),
  /** Terraform refuses to destroy what holds data. */
  preventDestroy: z.boolean().default(true),
  /** At this much retained WAL PostgreSQL drops a slot, so that the disk does not fill. */
  maxSlotWalGiB: z.int().min(1).max(1024),
  statementTimeoutSeconds: z.int().min(1).max(86_400).default(300),
  maintenanceWindow: z.string().default('sun:03:00-sun:04:00'),
  backupWindow: z.string().default('01:00-02:00'),
  /** A shared file system beside the attachments' bucket. */
  fileSystem: z.boolean().default(false),
  /** Copy attachments to the off-site region as they arrive. */
  replicateAttachments: z.boolean().default(false),
});

export const retention = z.strictObject({
  logsDays: z.literal(logDays, `must be one of ${logDays.join(', ')}`),
  /** Of the database's own automated backups; RDS allows 35. */
  databaseBackupsDays: z.int().min(1).max(35),
  /** Of access logs in buckets. */
  accessLogsDays: z.int().min(1),
  /** Of the trail's files, which nobody deletes earlier. */
  trailDays: z.int().min(1).max(36_500),
  /** Of what AWS Config records, which keeps from 30 days to seven years. */
  configurationDays: z.int().min(30).max(2557),
  /** Of replaced and deleted versions of attachments. */
  attachmentVersionsDays: z.int().min(1),
});
