const MAX_ID_LENGTH = 64;
const ID = /^[A-Za-z0-9_.:-]+$/;

/** Whether a text may be the id of a call: 1 to 64 letters, digits, `_`, `.`, `:`, `-`. */
export function isCallId(text: string | undefined): text is string {
  return text !== undefined && text.length <= MAX_ID_LENGTH && ID.test(text);
}
