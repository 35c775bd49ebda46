import type { StoredMessage } from "./message.ts";
import { PropertyName } from "./property_names.ts";

/** Matches every message, with a tag or without. RocketMQ: SubscriptionData.SUB_ALL. */
export const ALL_TAGS = "*";

/**
 * Splits a tag expression: tags separated by `||`.
 *
 * @returns no tags for `*` and the empty expression, which match everything. RocketMQ: FilterAPI
 */
export function parseTags(expression: string): readonly string[] {
  if (expression.trim() === ALL_TAGS) return [];
  return expression.split("||").map((tag) => tag.trim()).filter((tag) => tag !== "");
}

/** Hashes a tag as brokers do to filter: Java's `String.hashCode`, a signed 32-bit number over UTF-16 units. */
export function tagHash(tag: string): number {
  let hash = 0;
  for (let index = 0; index < tag.length; index++) hash = Math.imul(hash, 31) + tag.charCodeAt(index) | 0;
  return hash;
}

/** Keeps the messages that an expression means: brokers compare hashes only, so strangers come along. */
export function filterByTags(messages: StoredMessage[], expression: string): StoredMessage[] {
  const tags = new Set(parseTags(expression));
  if (tags.size === 0) return messages;
  return messages.filter((message) => tags.has(message.properties.get(PropertyName.TAGS) ?? ""));
}
