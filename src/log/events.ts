/** Every event this library logs, by the category that logs it. Properties in braces come with the record. */
export const EVENTS = {
  callee: {
    handlerCrashed: "Handler of {method} threw {error} on attempt {attempt}",
    deadLetter: "Call {callId} of {method} goes to the dead-letter queue: {reason}",
    deadLetterFailed: "Dead letter of {callId} could not be stored, it is tried again: {error}",
    deadLetterCut: "Dead letter of {callId} is stored without the request's headers: {error}",
    replyFailed: "Reply to {address} could not be stored, {calls} calls answered nobody: {error}",
    envelopeRefused: "Message {offset} of {queue} is no envelope of ours: {error}",
    clockSkew: "This machine's clock is {skewMs} ms off the broker's",
    sendAgainFailed: "Call {callId} could not be stored in its queue again, it is tried again: {error}",
    storeFailed: "The store of {contract} cannot be asked: {error}",
    outcomeForgotten: "How {method} of {contract} ended for {key} could not be remembered: {error}",
    answerLost: "Handler of {method} answered {callId}, and its answer cannot travel: {reason}",
    refused: "Call {callId} of {method} never reached a handler: {error}",
    expired: "Call {callId} of {method} expired, and nobody was told",
    cancelled: "Call {callId} was cancelled by its caller",
    unknownCancel: "A cancel of {callId} came whose call is not known; it is remembered for a while",
    sentOn: "Call {callId} of {method} was sent on to its key's queue {queue}",
    surplus:
      "{instances} instances serve {contract}, and a slot has {queues} queues: some get no calls of some methods",
    surplusUnknown: "How many instances serve {contract} could not be found out: {error}",
    directRefused: "A message to this instance's direct address cannot be handled: {reason}",
    streamUndelivered: "Stream {callId} of {method} could not be sent to its end: {error}",
    streamControlFailed:
      "The reader of stream {callId} could not be told that its producer is there: {error}",
    unknownStream: "A {kind} of stream {callId} came, which does not run here",
    storedRepliesOff: "Stored replies cannot be looked up, suspects run again without them: {error}",
  },
  actor: {
    failed: "Actor {actor} failed, its state is thrown away: {error}",
    startFailed: "Actor {actor} did not start: {error}",
    restarting: "Actor {actor} may start again in {waitMs} ms",
    suspended:
      "Actor {actor} is suspended, the restarts of {entity} are spent; it reopens in {ms} ms: {error}",
    hookFailed: "The stop hook of {actor} threw: {error}",
    hookAbandoned: "The stop hook of {actor} did not end in {ms} ms, it is left behind and may still run",
    handlerAbandoned:
      "A handler of {actor} did not end when told to, call {callId} is left behind and may still run",
    endedLate:
      "A handler of {actor} that was left behind with call {callId} has ended, its result is dropped",
  },
  caller: {
    lateReply: "A reply to {callId} came after its call had been settled",
    again: "Call {callId} is made again in {pauseMs} ms: {error}",
    lookUpFailed: "A stored reply to {callId} could not be looked up, its deadline decides: {error}",
    cancelFailed: "The callee of {callId} could not be told that nobody waits: {error}",
    streamBroken: "Stream {callId} ends before its end: {error}",
    streamControlFailed: "The producer of stream {callId} could not be told how far it is read: {error}",
    strayItem: "An item of stream {callId} came, which nobody reads here",
    replyRefused: "A message to this instance is no reply of ours: {error}",
  },
  partition: {
    assigned: "Partition {queue} of {topic} is ours from offset {offset}, {suspects} messages are suspect",
    revoked: "Partition {queue} of {topic} was handed over in {ms} ms",
    lost: "Partition {queue} of {topic} is lost: {reason}",
    releaseFailed: "What belonged to partition {queue} of {topic} was not given up in order: {error}",
    takeoverFailed: "Partition {queue} of {topic} could not be taken over, trying again: {error}",
    unlockedForDead: "Partition {queue} of {topic} was unlocked in the name of {owner}, gone for {ms} ms",
  },
  supervisor: {
    childStarted: "Child {child} of {supervisor} started",
    childEnded: "Child {child} of {supervisor} ended by itself: {exit}",
    childFailed: "Child {child} of {supervisor} failed: {error}",
    childRestarting: "Child {child} of {supervisor} starts again in {waitMs} ms, restart {restarts}",
    childSuspended: "Child {child} of {supervisor} spent its restarts, it reopens in {ms} ms: {error}",
    childReopens: "Child {child} of {supervisor} starts again after its suspension",
    startFailed: "Child {child} of {supervisor} did not start: {error}",
    stopFailed: "Child {child} of {supervisor} failed while it stopped: {error}",
    childAbandoned:
      "Child {child} of {supervisor} did not {what} in {ms} ms, it is left behind and may still run",
    abandonedEnded: "Child {child} of {supervisor} was left behind and has ended now",
    gaveUp: "Supervisor {supervisor} gave up, more than {intensity} restarts in {periodMs} ms: {error}",
    suspended: "Supervisor {supervisor} is suspended, it reopens in {ms} ms",
    reopens: "Supervisor {supervisor} starts its children again after its suspension",
    listenerFailed: "A listener to the state of {child} of {supervisor} threw: {error}",
  },
  transport: {
    listenerFailed: "A listener threw: {error}",
    reconnected: "Connected to {address} again",
    lost: "Connection to {address} is lost: {error}",
    repliesNotStored:
      "The broker {address} stores no replies (storeReplyMessageEnable=false): none can be looked up after a failure",
    noReplyTopic: "Replies that cannot be pushed in time have nowhere else to go: {error}",
    roundFailed: "{what} failed, trying again: {error}",
    planDerived:
      "The queue plan of {topic} is not declared and follows from the brokers that are up, so that keys move when one goes: {reason}",
    mixedVersions:
      "Brokers {brokers} cannot hold messages back, as RocketMQ can from 5.0 on, and others can: later attempts wait in their callee everywhere",
    planIncomplete: "Not every name server could be given the queue plan of {topic}: {error}",
    planUnreadable: "The queue plan of {topic} that a name server keeps cannot be read: {error}",
    groupsUnknown:
      "Whether the groups of {topic} exist cannot be found out, and they may not be made: {error}",
  },
} as const;
