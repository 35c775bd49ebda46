/**
 * No broker can be had on this machine: a program is missing or a setting is malformed. The message says
 * plainly what to install or to set.
 */
export class BrokerUnavailable extends Error {
  override readonly name = "BrokerUnavailable";
}

/**
 * A process of a test cluster ended early, or did not answer before the deadline. The message carries the tail
 * of its log.
 */
export class ClusterFailed extends Error {
  override readonly name = "ClusterFailed";
}
