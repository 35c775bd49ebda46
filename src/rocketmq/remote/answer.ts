import { describeRequest, ResponseCode } from "./codes.ts";
import type { Command, RequestReply } from "./command.ts";
import { textOf } from "./text_of.ts";

/** What a server gets for its request: the client's answer, or why there is none. */
export function answerTo(
  request: Command,
  onRequest: (command: Command) => RequestReply | undefined,
): RequestReply {
  try {
    const reply = onRequest(request);
    if (reply !== undefined) return reply;
    const remark = `request ${describeRequest(request.code)} is not supported by this client`;
    return { code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED, remark };
  } catch (error) {
    return { code: ResponseCode.SYSTEM_ERROR, remark: textOf(error) };
  }
}
