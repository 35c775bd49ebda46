/** Language names by their code. RocketMQ: LanguageCode. */
const NAMES = [
  "JAVA",
  "CPP",
  "DOTNET",
  "PYTHON",
  "DELPHI",
  "ERLANG",
  "RUBY",
  "OTHER",
  "HTTP",
  "GO",
  "PHP",
  "OMS",
  "RUST",
  "NODE_JS",
] as const;

/** Name and code of the language this client states: the one that every server version knows. */
export const CLIENT_LANGUAGE = { name: "OTHER", code: 7 } as const;

/** Names a language code of a binary header; a code not known here is given as decimal text. */
export function languageName(code: number): string {
  return NAMES[code] ?? String(code);
}
