/** How often a broker with owned queues is asked for a sign of life, in milliseconds. */
export const PROBE_INTERVAL_MS = 500;
/** An owner that has had no answer for this long gives its queues up; always well below the grace. Milliseconds. */
export const OWNER_LIMIT_MS = 1_500;
/** How long a recorded owner must have been gone before its lock is taken from it, in milliseconds. */
export const TAKEOVER_GRACE_MS = 3_000;
/** How often locks are renewed: brokers let them go after 60 s. Milliseconds. */
export const RELOCK_INTERVAL_MS = 20_000;
/** Pause between tries to lock a queue whose owner is gone or unknown, in milliseconds. */
export const LOCK_RETRY_MS = 100;
/** Pause between tries to lock a queue whose living owner is about to hand it over, in milliseconds. */
export const HANDOVER_RETRY_MS = 15;
/** How often heartbeats are sent: brokers forget a client after 120 s. Milliseconds. */
export const HEARTBEAT_INTERVAL_MS = 30_000;
/** After a reconnect the registration for replies is made a second time this much later, in milliseconds. */
export const REREGISTER_AFTER_MS = 2_000;
/** How long a broker holds a pull that finds nothing, in milliseconds. */
export const PULL_SUSPEND_MS = 15_000;
/** How long a pull has been held when a second look is taken, in milliseconds. */
export const LOOK_AGAIN_MS = 250;
/** When a pull counts as unanswered; brokers may answer 5 s after the suspend time. Milliseconds. */
export const PULL_TIMEOUT_MS = 30_000;
/** Most messages one pull can bring: brokers cap at it silently. */
export const PULL_MESSAGES = 32;
/** First and longest pause after a pull that failed, in milliseconds. */
export const PULL_RETRY_MS = { initialMs: 100, maxMs: 2_000 } as const;
/** Pulls in a row that may find the queue shorter than what was read of it. */
export const PULLS_BEYOND_END = 20;
/** Pause between them, in milliseconds. */
export const BEYOND_END_PAUSE_MS = 50;
/** First and longest pause after a takeover that failed, in milliseconds. */
export const TAKEOVER_RETRY_MS = { initialMs: 100, maxMs: 2_000 } as const;
/** Longer than either where an account is refused: an operator has to do something first. Milliseconds. */
export const REFUSED_RETRY_MS = 10_000;
/** A start that nobody waits for is recorded if the message is not settled after this long. Milliseconds. */
export const LATE_START_MS = 20;
/** A commit follows a settled message after this long, where no pull has carried it. Milliseconds. */
export const COMMIT_AFTER_MS = 100;
/** Deadline of a request that a broker answers at once, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 3_000;
/** Messages to one queue that travel by one request: as many as a pull brings. */
export const BATCH_MESSAGES = 32;
/** Bytes that they take together, about: no more than a pack may have. */
export const BATCH_BYTES = 256 * 1024;
/** Characters in the properties of one of them, whose length travels as a signed 16-bit number of bytes. */
export const BATCHED_PROPERTIES = 8 * 1024;
/** How replies reach an instance that says nothing else. */
export const DEFAULT_REPLIES = "push";
/** A reply up to this size travels by the connection of pulls, locks and signs of life. Bytes. */
export const SMALL_REPLY_BYTES = 64 * 1024;
/** Deadline of a push: the broker waits up to 10 s for its receiver before it answers. Milliseconds. */
export const PUSH_TIMEOUT_MS = 12_000;
/** Unanswered pushes to one instance of ours, at one broker: each holds one of the broker's few reply threads. */
export const PUSHES_TO_OURS = 1;
/** Unanswered pushes to one plain requester, at all brokers together. */
export const PUSHES_TO_PLAIN = 4;
/** Unanswered pushes of this instance at one broker, to all receivers together. */
export const PUSHES_AT_BROKER = 12;
/** A push without an answer for this long: its receiver gets it, and what follows, from the reply topic. Milliseconds. */
export const PUSH_UNANSWERED_MS = 1_000;
/** For how long the timer behind all waits of the reply side may go on after the last reply, in milliseconds. */
export const REPLY_WHEEL_LINGER_MS = 250;
/** How long a message waits for its turn to be pushed before it goes to the reply topic. Milliseconds. */
export const PUSH_WAIT_MS = 250;
/** How long a receiver that let a push fail by its silence is spared further ones, in milliseconds. */
export const PUSH_AGAIN_AFTER_MS = 30_000;
/** Messages that wait for their turn to be pushed at one broker; further ones go elsewhere or are refused. */
export const PUSHES_WAITING = 1_024;
/** Silent receivers that are remembered of one broker; the oldest are forgotten first. */
export const SILENT_RECEIVERS = 4_096;
/** Queues of the reply topic at each broker that are used: as many as it is made with. */
export const REPLY_QUEUES = 16;
/** Places before the end of a reply queue from which an instance reads that comes late to it. */
export const REPLY_LOOK_BACK = 1_000;
/** How often the route of the reply topic is looked at for new brokers and queues, in milliseconds. */
export const REPLY_ROUTE_INTERVAL_MS = 30_000;
/** First and longest pause after a pull of replies that failed, in milliseconds. */
export const REPLY_PULL_RETRY_MS = { initialMs: 50, maxMs: 1_000 } as const;
/** Brokers that are asked for a stored reply at once. */
export const LOOKUP_BROKERS = 16;
/** Largest body, in bytes: brokers refuse messages of 4 MiB, headers included. */
export const MAX_REMOTING_BODY_BYTES = 3 * 1024 * 1024;
/** Longest delay of a message, in milliseconds: what brokers are set up for by default. */
export const MAX_REMOTING_DELAY_MS = 259_200_000;
/** Brokers that a reply is tried at: that of its request, and one other. */
export const REPLY_TRIES = 2;
/** Brokers that a message without a request is tried at, until one of them reaches its instance. */
export const DIRECT_TRIES = 4;
/** Producer group under which callers register to be found by replies. */
export const CALLER_GROUP = "rpc-callers";
/** Pause between looks for this instance in its broker's member list, at the start. Milliseconds. */
export const FIRST_ROUND_RETRY_MS = 100;
/** Age from which a queue plan is looked up again while it is used, in milliseconds. */
export const PLAN_REFRESH_MS = 30_000;
/** The same where no name server told it, in milliseconds. */
export const PLAN_RETRY_MS = 1_000;
/** How long the other name servers have to tell a plan once one has, in milliseconds. */
export const PLAN_GRACE_MS = 250;
/** How long a new topic may take to come to the name servers, in milliseconds. */
export const ROUTE_ARRIVAL_MS = 10_000;
/** First and longest time for which a master that sends failed at is avoided, in milliseconds. */
export const AVOID_MS = { initialMs: 1_000, maxMs: 30_000 } as const;
/** Deadline of a request that makes a topic or a group: brokers write it to disk first. Milliseconds. */
export const ADMIN_TIMEOUT_MS = 10_000;
/** How long further masters have to answer a first heartbeat once one has, in milliseconds. */
export const MEET_GRACE_MS = 500;
/** How often a subscription looks whether its topic has other masters or more queues, in milliseconds. */
export const ROUTE_WATCH_MS = 5_000;
/** A route older than this is looked up again when a send by it has failed, in milliseconds. */
export const ROUTE_SUSPECT_MS = 1_000;
/** Messages that a look-up reads at each broker: a reply may be stored more than once, and refusals before it. */
export const LOOKUP_MESSAGES = 8;
/** Topics whose queue plans are remembered. */
export const KNOWN_PLANS = 4_096;
/** How long the first declaration of a plan waits for masters that the topic may yet come to, in milliseconds. */
export const PLAN_SETTLE_MS = 1_000;
