import { isOldLine } from "./jars.ts";

/** An account of a cluster that asks for one. */
export interface Account {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** Who a cluster's brokers let in: nobody else. */
export interface AclSettings {
  /** May do everything. */
  readonly admin: Account;
  /**
   * 4.9 only, where accounts stand in a file: what else there is, with what each may do (`"T=PUB|SUB"`). In 5.x the
   * admin makes them, see `AccessAdmin`.
   */
  readonly accounts?:
    readonly (Account & { readonly topics: readonly string[]; readonly groups: readonly string[] })[];
}

const PROVIDERS = "org.apache.rocketmq.auth";

/** Lines of the broker's file. ACL 2.0 in 5.x, ACL 1.0 in 4.9. */
export function aclConfig(acl: AclSettings, version: string): Readonly<Record<string, string>> {
  if (isOldLine(version)) return { aclEnable: "true" };
  const { accessKey, secretKey } = acl.admin;
  return {
    authenticationEnabled: "true",
    authenticationProvider: `${PROVIDERS}.authentication.provider.DefaultAuthenticationProvider`,
    authenticationMetadataProvider:
      `${PROVIDERS}.authentication.provider.LocalAuthenticationMetadataProvider`,
    initAuthenticationUser: JSON.stringify({ username: accessKey, password: secretKey }),
    innerClientAuthenticationCredentials: JSON.stringify({ accessKey, secretKey }),
    authorizationEnabled: "true",
    authorizationProvider: `${PROVIDERS}.authorization.provider.DefaultAuthorizationProvider`,
    authorizationMetadataProvider: `${PROVIDERS}.authorization.provider.LocalAuthorizationMetadataProvider`,
  };
}

/** Entries of the proxy's file: it checks who asks itself, by what brokers know of accounts, and is the admin to them. */
export function proxyAclConfig({ admin }: AclSettings): Readonly<Record<string, unknown>> {
  const { accessKey, secretKey } = admin;
  return {
    authenticationEnabled: true,
    authenticationProvider: `${PROVIDERS}.authentication.provider.DefaultAuthenticationProvider`,
    authenticationMetadataProvider: "org.apache.rocketmq.proxy.auth.ProxyAuthenticationMetadataProvider",
    innerClientAuthenticationCredentials: JSON.stringify({ accessKey, secretKey }),
    // Else it does not sign what it asks brokers, and does not start.
    enableAclRpcHookForClusterMode: true,
    authorizationEnabled: true,
    authorizationProvider: `${PROVIDERS}.authorization.provider.DefaultAuthorizationProvider`,
    authorizationMetadataProvider: "org.apache.rocketmq.proxy.auth.ProxyAuthorizationMetadataProvider",
    // What is granted counts after a second, not after a minute.
    ...{
      userCacheExpiredSecond: 1,
      userCacheRefreshSecond: 1,
      userCacheExpiredSeconds: 1,
      userCacheRefreshSeconds: 1,
    },
    ...{
      aclCacheExpiredSecond: 1,
      aclCacheRefreshSecond: 1,
      aclCacheExpiredSeconds: 1,
      aclCacheRefreshSeconds: 1,
    },
  };
}

/** The file of accounts that 4.9 reads from its home; nothing in 5.x. */
export function aclFile(acl: AclSettings, version: string): ReadonlyMap<string, string> {
  if (!isOldLine(version)) return new Map();
  const lines = ["accounts:", ...entry(acl.admin, true)];
  for (const account of acl.accounts ?? []) {
    lines.push(...entry(account, false), "  defaultTopicPerm: DENY", "  defaultGroupPerm: DENY");
    lines.push(...list("topicPerms", account.topics), ...list("groupPerms", account.groups));
  }
  return new Map([["conf/plain_acl.yml", `${lines.join("\n")}\n`]]);
}

function entry({ accessKey, secretKey }: Account, admin: boolean): readonly string[] {
  return [`- accessKey: ${accessKey}`, `  secretKey: ${secretKey}`, `  admin: ${admin}`];
}

function list(name: string, values: readonly string[]): readonly string[] {
  return values.length === 0 ? [] : [`  ${name}:`, ...values.map((value) => `  - ${value}`)];
}
