import * as rocketmq from "../../../../src/rocketmq/mod.ts";
import { encode, MESSAGE_CASES, OK, type RequestCase } from "./message_cases.ts";

/** All cases, by the name of the function and what is special. */
export const REQUEST_CASES: Readonly<Record<string, RequestCase>> = {
  ...MESSAGE_CASES,
  "createTopic()": {
    call: (client, address) =>
      rocketmq.createTopic(client, address, {
        topic: "T",
        readQueues: 8,
        writeQueues: 4,
        attributes: { "message.type": "NORMAL", "reserve.time": "1" },
      }),
    code: 17,
    fields: {
      topic: "T",
      defaultTopic: "TBW102",
      readQueueNums: "8",
      writeQueueNums: "4",
      perm: "6",
      topicFilterType: "SINGLE_TAG",
      topicSysFlag: "0",
      order: "false",
      attributes: "+message.type=NORMAL,+reserve.time=1",
    },
    answer: OK,
    result: undefined,
  },
  "createSubscriptionGroup()": {
    call: (client, address) =>
      rocketmq.createSubscriptionGroup(client, address, { group: "g", retryMaxTimes: 3 }),
    code: 200,
    fields: {},
    body: {
      groupName: "g",
      consumeEnable: true,
      consumeFromMinEnable: true,
      consumeBroadcastEnable: true,
      consumeMessageOrderly: false,
      retryQueueNums: 1,
      retryMaxTimes: 3,
      brokerId: 0,
      whichBrokerWhenConsumeSlowly: 1,
      notifyConsumerIdsChangedEnable: true,
      groupSysFlag: 0,
      consumeTimeoutMinute: 15,
      attributes: {},
    },
    answer: OK,
    result: undefined,
  },
  "deleteTopic()": {
    call: (client, address) => rocketmq.deleteTopic(client, address, "T"),
    code: 215,
    fields: { topic: "T" },
    answer: OK,
    result: undefined,
  },
  "forgetTopic()": {
    call: (client) => rocketmq.forgetTopic(client, "T"),
    code: 216,
    fields: { topic: "T" },
    answer: OK,
    result: undefined,
  },
  "deleteSubscriptionGroup()": {
    call: (client, address) => rocketmq.deleteSubscriptionGroup(client, address, "g"),
    code: 207,
    fields: { groupName: "g", cleanOffset: "true" },
    answer: OK,
    result: undefined,
  },
  "brokerRuntimeInfo()": {
    call: (client, address) => rocketmq.brokerRuntimeInfo(client, address),
    code: 28,
    fields: {},
    answer: { code: 0, body: encode('{"table":{"bootTimestamp":"17","brokerVersionDesc":"V5_5_0"}}') },
    result: {
      bootAtMs: 17,
      version: "V5_5_0",
      table: new Map([["bootTimestamp", "17"], ["brokerVersionDesc", "V5_5_0"]]),
    },
  },
  "heartbeat()": {
    call: (client, address) =>
      rocketmq.heartbeat(client, address, {
        producerGroups: ["p"],
        consumerGroups: [{
          group: "g",
          subscriptions: [
            { topic: "T", expression: "TagA || order.created", version: 17 },
            { topic: "U", expression: "*", version: 18 },
          ],
        }],
      }),
    code: 34,
    fields: {},
    body: {
      clientID: "c",
      producerDataSet: [{ groupName: "p" }],
      consumerDataSet: [{
        groupName: "g",
        consumeType: "CONSUME_PASSIVELY",
        messageModel: "CLUSTERING",
        consumeFromWhere: "CONSUME_FROM_FIRST_OFFSET",
        subscriptionDataSet: [{
          topic: "T",
          subString: "TagA || order.created",
          tagsSet: ["TagA", "order.created"],
          codeSet: [2_598_919, 1_350_101_064],
          subVersion: 17,
          expressionType: "TAG",
          classFilterMode: false,
        }, {
          topic: "U",
          subString: "*",
          tagsSet: [],
          codeSet: [],
          subVersion: 18,
          expressionType: "TAG",
          classFilterMode: false,
        }],
        unitMode: false,
      }],
    },
    answer: OK,
    result: { brokerVersion: 513 },
  },
  "unregister()": {
    call: (client, address) =>
      rocketmq.unregister(client, address, { producerGroup: "p", consumerGroup: "g" }),
    code: 35,
    fields: { clientID: "c", producerGroup: "p", consumerGroup: "g" },
    answer: OK,
    result: undefined,
  },
  "route()": {
    call: (client) => client.route("T"),
    code: 105,
    fields: { topic: "T", acceptStandardJsonOnly: "true" },
    answer: {
      code: 0,
      body: encode(
        '{"brokerDatas":[{"brokerAddrs":{"0":"1.2.3.4:10911","1":"1.2.3.5:10911"},"brokerName":"b","cluster":"C",' +
          '"enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"b","perm":6,' +
          '"readQueueNums":8,"topicSysFlag":0,"writeQueueNums":4}]}',
      ),
    },
    result: {
      topic: "T",
      queues: [{ brokerName: "b", read: 8, write: 4, perm: 6 }],
      brokers: new Map([[
        "b",
        { cluster: "C", addresses: new Map([[0, "1.2.3.4:10911"], [1, "1.2.3.5:10911"]]) },
      ]]),
    },
  },
  "clusterInfo()": {
    call: (client) => rocketmq.clusterInfo(client),
    code: 106,
    fields: {},
    answer: {
      code: 0,
      body: encode(
        '{"brokerAddrTable":{"b":{"brokerAddrs":{0:"1.2.3.4:10911"},"brokerName":"b","cluster":"C"}}}',
      ),
    },
    result: { brokers: new Map([["b", { cluster: "C", addresses: new Map([[0, "1.2.3.4:10911"]]) }]]) },
  },
  "topicNames()": {
    call: (client) => rocketmq.topicNames(client),
    code: 206,
    fields: {},
    answer: { code: 0, body: encode('{"topicList":["TBW102"]}') },
    result: ["TBW102"],
  },
  "topicStats()": {
    call: (client, address) => rocketmq.topicStats(client, address, "T"),
    code: 202,
    fields: { topic: "T" },
    answer: {
      code: 0,
      body: encode(
        '{"offsetTable":{{"brokerName":"b","queueId":1,"topic":"T"}:{"lastUpdateTimestamp":9,"maxOffset":7,"minOffset":2}}}',
      ),
    },
    result: [{
      queue: { topic: "T", brokerName: "b", queueId: 1 },
      minOffset: 2,
      maxOffset: 7,
      storedAtMs: 9,
    }],
  },
  "consumeStats()": {
    call: (client, address) => rocketmq.consumeStats(client, address, { group: "g", topic: "T" }),
    code: 208,
    fields: { consumerGroup: "g", topic: "T" },
    answer: {
      code: 0,
      body: encode(
        '{"consumeTps":0.5,"offsetTable":{{"brokerName":"b","queueId":1,"topic":"T"}:' +
          '{"brokerOffset":7,"consumerOffset":5,"lastTimestamp":9}}}',
      ),
    },
    result: [
      { queue: { topic: "T", brokerName: "b", queueId: 1 }, brokerOffset: 7, consumerOffset: 5, lastAtMs: 9 },
    ],
  },
  "consumerConnections()": {
    call: (client, address) => rocketmq.consumerConnections(client, address, "g"),
    code: 203,
    fields: { consumerGroup: "g" },
    answer: {
      code: 0,
      body: encode(
        '{"connectionSet":[{"clientAddr":"1.2.3.4:5","clientId":"c1","language":"JAVA","version":513}]}',
      ),
    },
    result: [{ clientId: "c1", address: "1.2.3.4:5", language: "JAVA", version: 513 }],
  },
  "consumerConnections() where nobody is": {
    call: (client, address) => rocketmq.consumerConnections(client, address, "g"),
    code: 203,
    fields: { consumerGroup: "g" },
    answer: { code: 206 },
    result: [],
  },
  "producerConnections()": {
    call: (client, address) => rocketmq.producerConnections(client, address, "p"),
    code: 204,
    fields: { producerGroup: "p" },
    answer: {
      code: 0,
      body: encode(
        '{"connectionSet":[{"clientAddr":"1.2.3.4:5","clientId":"c1","language":"OTHER","version":441}]}',
      ),
    },
    result: [{ clientId: "c1", address: "1.2.3.4:5", language: "OTHER", version: 441 }],
  },
  "producerConnections() where nobody is": {
    call: (client, address) => rocketmq.producerConnections(client, address, "p"),
    code: 204,
    fields: { producerGroup: "p" },
    answer: { code: 1, remark: "the producer group[p] not exist" },
    result: [],
  },
  "NameServers.putValue()": {
    call: (client) => client.nameServers.putValue("n", "k", "v"),
    code: 100,
    fields: { namespace: "n", key: "k", value: "v" },
    answer: OK,
    result: undefined,
  },
  "NameServers.deleteValue()": {
    call: (client) => client.nameServers.deleteValue("n", "k"),
    code: 102,
    fields: { namespace: "n", key: "k" },
    answer: OK,
    result: undefined,
  },
  "NameServers.getValue()": {
    call: (client) => client.nameServers.getValue("n", "k"),
    code: 101,
    fields: { namespace: "n", key: "k" },
    answer: { code: 0, fields: { value: "v" } },
    result: "v",
  },
  "NameServers.listValues()": {
    call: (client) => client.nameServers.listValues("n"),
    code: 219,
    fields: { namespace: "n" },
    answer: { code: 0, body: encode('{"table":{"k":"v"}}') },
    result: new Map([["k", "v"]]),
  },
};
