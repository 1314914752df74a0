import { DataAwsSecretsmanagerSecretVersion } from '@cdktf/provider-aws/lib/data-aws-secretsmanager-secret-version/index.js';
import type { LbListenerDefaultAction } from '@cdktf/provider-aws/lib/lb-listener/index.js';
import type { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { UserPool } from './user-pool.ts';
import type { WebAcl } from './web-acl.ts';

const everySession = (hours: number) => ({
  sessionTimeout: hours * 3600,
  scope: 'openid email',
  onUnauthenticatedRequest: 'authenticate',
});

/**
 * What the load balancer asks of everybody before the CRM sees a request: a sign-in at the OIDC
 * provider, whose task the second factor is, or at a user pool that requires one.
 */
export function signInAction(scope: Construct, webAcl: WebAcl): LbListenerDefaultAction {
  const { domain, sessionHours, signIn } = stackOf(scope).environment.edge;
  if (signIn.type === 'oidc')
    return {
      type: 'authenticate-oidc',
      order: 1,
      authenticateOidc: {
        ...everySession(sessionHours),
        issuer: signIn.issuer,
        authorizationEndpoint: signIn.authorizationEndpoint,
        tokenEndpoint: signIn.tokenEndpoint,
        userInfoEndpoint: signIn.userInfoEndpoint,
        clientId: signIn.clientId,
        clientSecret: new DataAwsSecretsmanagerSecretVersion(scope, 'oidc-client-secret', {
          secretId: signIn.clientSecretArn,
        }).secretString,
      },
    };
  const users = new UserPool(scope, 'users', { domainPrefix: signIn.domainPrefix, domain });
  webAcl.guard('guards-sign-in', users.pool.arn);
  return {
    type: 'authenticate-cognito',
    order: 1,
    authenticateCognito: {
      ...everySession(sessionHours),
      userPoolArn: users.pool.arn,
      userPoolClientId: users.client.id,
      userPoolDomain: users.domain.domain,
    },
  };
}
