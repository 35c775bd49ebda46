/** Every event this library logs, by the category that logs it. Properties in braces come with the record. */
export const EVENTS = {
  callee: {
    handlerCrashed: "Handler of {method} threw {error} on attempt {attempt}",
    deadLetter: "Call {callId} of {method} goes to the dead-letter queue: {reason}",
    deadLetterFailed: "Dead letter of {callId} could not be stored, it is tried again: {error}",
    replyFailed: "Reply to {address} could not be stored, {calls} calls answered nobody: {error}",
    envelopeRefused: "Message {offset} of {queue} is no envelope of ours: {error}",
    clockSkew: "This machine's clock is {skewMs} ms off the broker's",
    sendAgainFailed: "Call {callId} could not be stored in its queue again, it is tried again: {error}",
    storeFailed: "The store of {contract} cannot be asked: {error}",
    outcomeForgotten: "How {method} of {contract} ended for {key} could not be remembered: {error}",
    storedRepliesOff: "Stored replies cannot be looked up, suspects run again without them: {error}",
  },
  caller: {
    lateReply: "A reply to {callId} came after its call had been settled",
    replyRefused: "A message to this instance is no reply of ours: {error}",
  },
  partition: {
    assigned: "Partition {queue} of {topic} is ours from offset {offset}, {suspects} messages are suspect",
    revoked: "Partition {queue} of {topic} was handed over in {ms} ms",
    lost: "Partition {queue} of {topic} is lost: {reason}",
    takeoverFailed: "Partition {queue} of {topic} could not be taken over, trying again: {error}",
    unlockedForDead: "Partition {queue} of {topic} was unlocked in the name of {owner}, gone for {ms} ms",
  },
  transport: {
    listenerFailed: "A listener threw: {error}",
    reconnected: "Connected to {address} again",
    lost: "Connection to {address} is lost: {error}",
    roundFailed: "{what} failed, trying again: {error}",
  },
} as const;
