import { RocketMqError } from "../error.ts";
import { describeResponse, ResponseCode } from "./codes.ts";
import type { Command } from "./command.ts";

/** Makes the error of a response whose code is a failure. */
export function refusal(response: Command, address: string): RocketMqError {
  const reason = response.remark === undefined || response.remark === ""
    ? ""
    : `: ${firstLine(response.remark)}`;
  return new RocketMqError("refused", `${address} answered ${describeResponse(response.code)}${reason}`, {
    responseCode: response.code,
    address,
  });
}

/**
 * Returns the response when its code is 0.
 *
 * @throws RocketMqError kind `refused`, with the response's code, when it is another
 */
export function expectSuccess(response: Command, address: string): Command {
  if (response.code !== ResponseCode.SUCCESS) throw refusal(response, address);
  return response;
}

/**
 * Reads a number that the response must carry.
 *
 * @throws RocketMqError kind `unknown` when it is missing or no integer within 53 bits
 */
export function numberField(response: Command, name: string, address: string): number {
  const text = response.fields[name];
  const value = text === undefined || text === "" ? NaN : Number(text);
  if (!Number.isSafeInteger(value)) {
    const found = text === undefined ? "is missing" : `is "${text}"`;
    throw new RocketMqError("unknown", `Cannot read the answer of ${address}: "${name}" ${found}`, {
      address,
    });
  }
  return value;
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text : text.slice(0, end);
}
