import type { RefusedAccess } from "../error.ts";

/** What servers say when they do not let a request in, and what helps. ACL 2.0 first, then ACL 1.0. */
const KINDS: readonly (readonly [said: RegExp, access: RefusedAccess, advice: string])[] = [
  [/username cannot be null|No accessKey is configured/, "identity", "give this client credentials"],
  [
    /check signature failed|user:\S* is not found|No acl config for/i,
    "identity",
    "check its access key and secret key",
  ],
  [
    /has no permission to access|No default permission|Need admin permission/,
    "permission",
    "let an operator grant it",
  ],
];

/**
 * How ACL 1.0 refuses: as an error of the system, by a Java exception and the place where it was thrown. RocketMQ:
 * AclException.
 */
const ACL_EXCEPTION = /^org\.apache\.rocketmq\.acl\.\S*AclException: (.*?)(, \S+\(\w+\.java:\d+\))?$/;

/** What a server means by a refusal of access. */
export interface AccessRefusal {
  readonly access: RefusedAccess;
  /** Its reason, without Java's words around it. */
  readonly reason: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Reads the first line of a remark; `undefined` when it is about something else than access. */
export function accessRefusal(remark: string): AccessRefusal | undefined {
  const thrown = ACL_EXCEPTION.exec(remark)?.[1];
  const reason = (thrown ?? remark).replace(/\.$/, "");
  for (const [said, access, advice] of KINDS) if (said.test(reason)) return { access, reason, advice };
  if (thrown === undefined) return undefined;
  return { access: "permission", reason, advice: "see the accounts of the cluster" };
}
