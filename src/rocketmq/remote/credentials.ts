/**
 * Who a client is, to servers that ask: RocketMQ's ACL, 1.0 and 2.0 alike. The secret signs requests and never travels.
 */
export interface Credentials {
  /** Name of the account. ACL 2.0: the user's name. */
  readonly accessKey: string;
  /** Its secret. ACL 2.0: the user's password. */
  readonly secretKey: string;
  /** Goes with temporary keys of a security token service. */
  readonly securityToken?: string | undefined;
}

/** Credentials, or a function that is asked for them at each request, at once: for keys that are replaced meanwhile. */
export type CredentialsSource = Credentials | (() => Credentials);

/**
 * Checks credentials; what is wrong is said without saying what they are.
 *
 * @throws TypeError when a key is missing or empty
 */
export function checkCredentials(credentials: Credentials): Credentials {
  for (const name of ["accessKey", "secretKey"] as const) {
    const value: unknown = credentials?.[name];
    if (typeof value !== "string" || value === "") {
      throw new TypeError(`Cannot use 'credentials': '${name}' must be a text that is not empty`);
    }
  }
  const token: unknown = credentials.securityToken;
  if (token !== undefined && (typeof token !== "string" || token === "")) {
    throw new TypeError(
      "Cannot use 'credentials': 'securityToken' must be a text that is not empty, or absent",
    );
  }
  return credentials;
}
