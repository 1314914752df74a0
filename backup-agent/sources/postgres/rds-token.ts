/** Whom a token lets in. */
export interface TokenPlace {
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/**
 * A token that signs a user in to RDS or Aurora by IAM, made from this host's AWS credentials, without a
 * request. It opens connections for 15 minutes; connections outlive it. Replication connections take it
 * where `rds.iam_auth_for_replication` is 1.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
 */
export async function rdsToken(place: TokenPlace, region: string): Promise<string> {
  const { Signer } = await import('@aws-sdk/rds-signer');
  const { host, port, user } = place;
  return await new Signer({ hostname: host, port, username: user, region }).getAuthToken();
}
