import { RocketMqError } from "../error.ts";
import { accessRefusal } from "./access_refusal.ts";
import { describeResponse, ResponseCode } from "./codes.ts";
import type { Command } from "./command.ts";

/**
 * Makes the error of a response whose code is a failure. A refusal of access says what to do, and has code 16 also where
 * ACL 1.0 answered 1.
 */
export function refusal(response: Command, address: string): RocketMqError {
  const { code, remark = "" } = response;
  const said = firstLine(remark);
  const access = accessRefusal(said);
  const reason = access === undefined ? said : `${access.reason}; ${access.advice}`;
  const message = `${address} answered ${describeResponse(code)}${reason === "" ? "" : `: ${reason}`}`;
  const responseCode = access === undefined ? code : ResponseCode.NO_PERMISSION;
  return new RocketMqError("refused", message, { responseCode, access: access?.access, address });
}

/** Whether a response refuses access, in the words of either ACL. */
export function refusesAccess(response: Command): boolean {
  return response.remark !== undefined && accessRefusal(firstLine(response.remark)) !== undefined;
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
