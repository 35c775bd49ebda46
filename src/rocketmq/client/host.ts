import type { Reader } from "../../bytes/reader.ts";

/** IP address and port in binary, as messages carry them. */
export interface BinaryHost {
  /** 4 or 16 bytes. */
  readonly ip: Uint8Array;
  /** TCP port. */
  readonly port: number;
}

/** Reads 4 or 16 bytes of address and a 32-bit port. RocketMQ: MessageDecoder. */
export function readHost(reader: Reader, ipv6: boolean): BinaryHost {
  return { ip: reader.bytes(ipv6 ? 16 : 4), port: reader.i32() };
}

/** Writes a host as `host:port`, IPv6 in brackets. */
export function hostText({ ip, port }: BinaryHost): string {
  if (ip.length === 4) return `${ip.join(".")}:${port}`;
  const groups: string[] = [];
  for (let index = 0; index < ip.length; index += 2) {
    groups.push(((ip[index] ?? 0) << 8 | (ip[index + 1] ?? 0)).toString(16));
  }
  return `[${groups.join(":")}]:${port}`;
}
