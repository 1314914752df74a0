import { CognitoRiskConfiguration } from '@cdktf/provider-aws/lib/cognito-risk-configuration/index.js';
import { CognitoUserPoolClient } from '@cdktf/provider-aws/lib/cognito-user-pool-client/index.js';
import { CognitoUserPoolDomain } from '@cdktf/provider-aws/lib/cognito-user-pool-domain/index.js';
import { CognitoUserPool } from '@cdktf/provider-aws/lib/cognito-user-pool/index.js';
import { Construct } from 'constructs';
import { randomSuffix } from '../constructs/random-suffix.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';

export interface UserPoolConfig {
  /** What the hosted sign-in page's name starts with. */
  readonly domainPrefix: string;
  /** Where the CRM answers. */
  readonly domain: string;
}

/** The CRM's users, each with a second factor; risky sign-ins are refused (Plus tier). */
export class UserPool extends Construct {
  readonly pool: CognitoUserPool;
  readonly client: CognitoUserPoolClient;
  readonly domain: CognitoUserPoolDomain;

  constructor(scope: Construct, id: string, config: UserPoolConfig) {
    super(scope, id);
    classify(this, 'personal');
    const stack = stackOf(this);
    const { data, edge } = stack.environment;
    this.pool = new CognitoUserPool(this, 'pool', {
      name: stack.named('crm'),
      userPoolTier: 'PLUS',
      deletionProtection: edge.deletionProtection ? 'ACTIVE' : 'INACTIVE',
      mfaConfiguration: 'ON',
      softwareTokenMfaConfiguration: { enabled: true },
      userPoolAddOns: { advancedSecurityMode: 'ENFORCED' },
      adminCreateUserConfig: { allowAdminCreateUserOnly: true },
      usernameAttributes: ['email'],
      usernameConfiguration: { caseSensitive: false },
      autoVerifiedAttributes: ['email'],
      accountRecoverySetting: { recoveryMechanism: [{ name: 'admin_only', priority: 1 }] },
      passwordPolicy: {
        minimumLength: 14,
        requireLowercase: true,
        requireUppercase: true,
        requireNumbers: true,
        requireSymbols: true,
        passwordHistorySize: 24,
        temporaryPasswordValidityDays: 3,
      },
      lifecycle: { preventDestroy: data.preventDestroy },
    });
    const act = (eventAction: string) => ({ eventAction, notify: false });
    new CognitoRiskConfiguration(this, 'risks', {
      userPoolId: this.pool.id,
      compromisedCredentialsRiskConfiguration: { actions: { eventAction: 'BLOCK' } },
      accountTakeoverRiskConfiguration: {
        actions: {
          lowAction: act('MFA_REQUIRED'),
          mediumAction: act('MFA_REQUIRED'),
          highAction: act('BLOCK'),
        },
      },
    });
    this.client = this.#client(config.domain);
    // The names are shared by all customers of a region, and one is free again only some time after its
    // pool is gone: another pool takes another name.
    const suffix = randomSuffix(this, 'domain-suffix', { userPoolId: this.pool.id });
    this.domain = new CognitoUserPoolDomain(this, 'domain', {
      domain: `${config.domainPrefix}-${suffix}`,
      userPoolId: this.pool.id,
    });
  }

  #client(domain: string): CognitoUserPoolClient {
    return new CognitoUserPoolClient(this, 'client', {
      name: stackOf(this).named('load-balancer'),
      userPoolId: this.pool.id,
      generateSecret: true,
      allowedOauthFlowsUserPoolClient: true,
      allowedOauthFlows: ['code'],
      allowedOauthScopes: ['openid', 'email'],
      supportedIdentityProviders: ['COGNITO'],
      callbackUrls: [`https://${domain}/oauth2/idpresponse`],
      preventUserExistenceErrors: 'ENABLED',
      enableTokenRevocation: true,
      accessTokenValidity: 60,
      idTokenValidity: 60,
      refreshTokenValidity: stackOf(this).environment.edge.sessionHours,
      tokenValidityUnits: [{ accessToken: 'minutes', idToken: 'minutes', refreshToken: 'hours' }],
    });
  }
}
