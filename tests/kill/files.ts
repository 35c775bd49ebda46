/** What happened, in a round's directory. */
export const JOURNAL_FILE = "journal.jsonl";
/** What the handlers did. */
export const EFFECTS_FILE = "effects.sqlite";
/** What a store of the library remembers, where a round has one. */
export const OUTCOMES_FILE = "outcomes.sqlite";
/** What the broker had stored at the end. */
export const STORED_FILE = "stored.json";
