import { createHmac } from "node:crypto";
import type { Fields } from "./command.ts";
import { checkCredentials, type CredentialsSource } from "./credentials.ts";

/** RocketMQ: SessionCredentials. */
const ACCESS_KEY = "AccessKey";
const SECURITY_TOKEN = "SecurityToken";
const SIGNATURE = "Signature";

/** Says whether QUERY_MESSAGE asks for a unique key. RocketMQ: MixAll.UNIQUE_MSG_QUERY_FLAG. */
const UNIQUE_KEY_QUERY = "_UNIQUE_KEY_QUERY";
/** The last version of a client for which every server leaves that field out of the signature: V4_9_3. */
const LEAVES_IT_OUT = 399;

/** Turns the ext fields of a request into those that are sent. */
export type SignRequest = (fields: Fields, body: Uint8Array | undefined) => Fields;

/**
 * Makes a function that signs requests: HMAC-SHA1 over the values of all ext fields, sorted by name in UTF-16 order,
 * and the body as it is sent. RocketMQ: AclClientRPCHook, AclUtils, AclSigner.
 *
 * Fields without a value are left out: the binary header cannot carry them, and servers would take the text "null" into
 * the signature instead.
 *
 * @throws TypeError when the credentials lack a key; also later, when those of a function do
 */
export function requestSigner(credentials: CredentialsSource): SignRequest {
  if (typeof credentials === "function") {
    return (fields, body) => {
      const { accessKey, secretKey, securityToken } = checkCredentials(credentials());
      return sign(fields, body, accessKey, secretKey, securityToken);
    };
  }
  // A copy: what is given later changes nothing.
  const { accessKey, secretKey, securityToken } = checkCredentials(credentials);
  return (fields, body) => sign(fields, body, accessKey, secretKey, securityToken);
}

/**
 * The version that a signed request states: 4.9 leaves one field out of every signature, 5.x only for clients up to
 * 4.9.3. `undefined`: the client's own.
 */
export function signedVersion(fields: Fields): number | undefined {
  return UNIQUE_KEY_QUERY in fields ? LEAVES_IT_OUT : undefined;
}

function sign(
  fields: Fields,
  body: Uint8Array | undefined,
  accessKey: string,
  secretKey: string,
  securityToken: string | undefined,
): Fields {
  const signed: Record<string, string> = {};
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined && value !== "") signed[name] = value;
  }
  signed[ACCESS_KEY] = accessKey;
  if (securityToken !== undefined) signed[SECURITY_TOKEN] = securityToken;
  delete signed[SIGNATURE];
  let text = "";
  for (const name of Object.keys(signed).sort()) if (name !== UNIQUE_KEY_QUERY) text += signed[name];
  const hmac = createHmac("sha1", secretKey).update(text, "utf8");
  if (body !== undefined && body.length > 0) hmac.update(body);
  signed[SIGNATURE] = hmac.digest("base64");
  return signed;
}
