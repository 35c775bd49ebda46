/** Largest body that the embedded broker takes, in bytes: as on RocketMQ with room for headers. */
export const MAX_EMBEDDED_BODY_BYTES = 3 * 1024 * 1024;
