import type { BodyPlace } from "./codec.ts";

/** Where the bodies of one method stand, for its contract's codec. */
export interface MethodPlaces {
  readonly input: BodyPlace;
  readonly output: BodyPlace;
}

/** The places of one method: made once, so that codecs may remember them. */
export function placesOf(contract: string, method: string): MethodPlaces {
  return {
    input: Object.freeze({ contract, method, part: "input" }),
    output: Object.freeze({ contract, method, part: "output" }),
  };
}

/** The places of all methods of a contract, by name. */
export function placesOfAll(
  contract: { readonly name: string; readonly methods: Readonly<Record<string, unknown>> },
): ReadonlyMap<string, MethodPlaces> {
  return new Map(Object.keys(contract.methods).map((method) => [method, placesOf(contract.name, method)]));
}
