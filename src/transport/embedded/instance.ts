import type { DirectMessage, TransportState } from "../transport.ts";

/** One instance that is connected, as its broker sees it. */
export interface Instance {
  /** What the broker knows it by. */
  readonly clientId: string;
  /** Where it is reached past all queues. */
  readonly address: string;
  /** Something came to its address. */
  receive(message: DirectMessage): void;
  /** Its process is dead. */
  kill(): void;
  /** The broker's state changed. */
  changed(state: TransportState, reason: string): void;
}

const ADDRESS = "embedded:";
const CLIENT = "rka1-";

/** The client id of an instance, as on RocketMQ. */
export function clientIdOf(instance: string): string {
  return CLIENT + instance;
}

/** The address of a client. */
export function addressOf(clientId: string): string {
  return ADDRESS + clientId;
}

/** The client that an address belongs to, connected or not; `undefined` where the text is no such address. */
export function clientAt(address: string): string | undefined {
  const clientId = address.slice(ADDRESS.length);
  return address.startsWith(ADDRESS) && clientId.startsWith(CLIENT) ? clientId : undefined;
}
