import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.rocketmq.common.compression.CompressionType;
import org.apache.rocketmq.common.compression.CompressorFactory;
import org.apache.rocketmq.remoting.CommandCustomHeader;
import org.apache.rocketmq.remoting.protocol.LanguageCode;
import org.apache.rocketmq.remoting.protocol.RemotingCommand;
import org.apache.rocketmq.remoting.protocol.RequestCode;
import org.apache.rocketmq.remoting.protocol.ResponseCode;
import org.apache.rocketmq.remoting.protocol.SerializeType;
import org.apache.rocketmq.remoting.protocol.header.*;
import org.apache.rocketmq.remoting.protocol.header.namesrv.*;

/**
 * Makes golden frames with RocketMQ's own classes. Reads `name TAB hex of a request's frame` from stdin, up to a line that
 * says `end`, and prints for each, and for frames that servers send, what Java reads in it and how Java writes it:
 *
 *   frame TAB name TAB header class TAB ext fields as JSON TAB frame with JSON header TAB frame with binary header
 *   body TAB compression TAB compressed body
 */
public final class GoldenFrames {
    private static final HexFormat HEX = HexFormat.of();
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private static final Map<Integer, Class<? extends CommandCustomHeader>> HEADERS = Map.ofEntries(
        Map.entry(RequestCode.SEND_MESSAGE_V2, SendMessageRequestHeaderV2.class),
        Map.entry(RequestCode.SEND_BATCH_MESSAGE, SendMessageRequestHeaderV2.class),
        Map.entry(RequestCode.SEND_REPLY_MESSAGE_V2, SendMessageRequestHeaderV2.class),
        Map.entry(RequestCode.PULL_MESSAGE, PullMessageRequestHeader.class),
        Map.entry(RequestCode.QUERY_MESSAGE, QueryMessageRequestHeader.class),
        Map.entry(RequestCode.QUERY_CONSUMER_OFFSET, QueryConsumerOffsetRequestHeader.class),
        Map.entry(RequestCode.UPDATE_CONSUMER_OFFSET, UpdateConsumerOffsetRequestHeader.class),
        Map.entry(RequestCode.UPDATE_AND_CREATE_TOPIC, CreateTopicRequestHeader.class),
        Map.entry(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, SearchOffsetRequestHeader.class),
        Map.entry(RequestCode.GET_MAX_OFFSET, GetMaxOffsetRequestHeader.class),
        Map.entry(RequestCode.GET_MIN_OFFSET, GetMinOffsetRequestHeader.class),
        Map.entry(RequestCode.VIEW_MESSAGE_BY_ID, ViewMessageRequestHeader.class),
        Map.entry(RequestCode.LOCK_BATCH_MQ, LockBatchMqRequestHeader.class),
        Map.entry(RequestCode.UNLOCK_BATCH_MQ, UnlockBatchMqRequestHeader.class),
        Map.entry(RequestCode.UNREGISTER_CLIENT, UnregisterClientRequestHeader.class),
        Map.entry(RequestCode.GET_CONSUMER_LIST_BY_GROUP, GetConsumerListByGroupRequestHeader.class),
        Map.entry(RequestCode.GET_TOPIC_STATS_INFO, GetTopicStatsInfoRequestHeader.class),
        Map.entry(RequestCode.GET_CONSUME_STATS, GetConsumeStatsRequestHeader.class),
        Map.entry(RequestCode.GET_CONSUMER_CONNECTION_LIST, GetConsumerConnectionListRequestHeader.class),
        Map.entry(RequestCode.GET_PRODUCER_CONNECTION_LIST, GetProducerConnectionListRequestHeader.class),
        Map.entry(RequestCode.PUT_KV_CONFIG, PutKVConfigRequestHeader.class),
        Map.entry(RequestCode.GET_KV_CONFIG, GetKVConfigRequestHeader.class),
        Map.entry(RequestCode.DELETE_KV_CONFIG, DeleteKVConfigRequestHeader.class),
        Map.entry(RequestCode.GET_KVLIST_BY_NAMESPACE, GetKVListByNamespaceRequestHeader.class),
        Map.entry(RequestCode.GET_ROUTEINFO_BY_TOPIC, GetRouteInfoRequestHeader.class),
        Map.entry(RequestCode.DELETE_SUBSCRIPTIONGROUP, DeleteSubscriptionGroupRequestHeader.class),
        Map.entry(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, GetSubscriptionGroupConfigRequestHeader.class),
        Map.entry(RequestCode.DELETE_TOPIC_IN_BROKER, DeleteTopicRequestHeader.class),
        Map.entry(RequestCode.DELETE_TOPIC_IN_NAMESRV, DeleteTopicFromNamesrvRequestHeader.class));

    public static void main(String[] args) throws Exception {
        var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null && !line.equals("end"); line = in.readLine()) {
            String[] parts = line.split("\t");
            readRequest(parts[0], HEX.parseHex(parts[1]));
        }
        writeServerRequests();
        writeResponses();
        writeBodies();
        OUT.println("end");
    }

    /** What a server makes of a request of ours, by the class that it reads it with. */
    private static void readRequest(String name, byte[] frame) throws Exception {
        ByteBuffer buffer = ByteBuffer.wrap(frame, 4, frame.length - 4).slice();
        RemotingCommand read = RemotingCommand.decode(buffer);
        Class<? extends CommandCustomHeader> type = HEADERS.get(read.getCode());
        CommandCustomHeader header = type == null ? null : read.decodeCommandCustomHeader(type);
        RemotingCommand command = RemotingCommand.createRequestCommand(read.getCode(), header);
        command.setBody(read.getBody());
        print(name, type, command, read.getOpaque());
    }

    private static void writeServerRequests() throws Exception {
        var reply = new ReplyMessageRequestHeader();
        reply.setProducerGroup("p");
        reply.setTopic("c_REPLY_TOPIC");
        reply.setDefaultTopic("TBW102");
        reply.setDefaultTopicQueueNums(4);
        reply.setQueueId(0);
        reply.setSysFlag(0);
        reply.setBornTimestamp(1_700_000_000_000L);
        reply.setFlag(0);
        reply.setProperties("CORRELATION_ID\u0001c-1\u0002MSG_TYPE\u0001reply\u0002");
        reply.setReconsumeTimes(0);
        reply.setUnitMode(false);
        reply.setBornHost("127.0.0.1:40000");
        reply.setStoreHost("127.0.0.1:10911");
        reply.setStoreTimestamp(1_700_000_000_001L);
        var push = RemotingCommand.createRequestCommand(RequestCode.PUSH_REPLY_MESSAGE_TO_CLIENT, reply);
        push.setBody("hello".getBytes(StandardCharsets.UTF_8));
        print("326 PUSH_REPLY_MESSAGE_TO_CLIENT", ReplyMessageRequestHeader.class, push, 7);
        var changed = new NotifyConsumerIdsChangedRequestHeader();
        changed.setConsumerGroup("g");
        var notice = RemotingCommand.createRequestCommand(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, changed);
        notice.markOnewayRPC();
        print("40 NOTIFY_CONSUMER_IDS_CHANGED", NotifyConsumerIdsChangedRequestHeader.class, notice, 8);
    }

    private static void writeResponses() throws Exception {
        var sent = new SendMessageResponseHeader();
        sent.setMsgId("7F00000100002A9F0000000000001234");
        sent.setQueueId(3);
        sent.setQueueOffset(5L);
        sent.setTransactionId("ABC");
        response("310 SEND_MESSAGE_V2", ResponseCode.FLUSH_SLAVE_TIMEOUT, "not yet", sent);
        var pulled = new PullMessageResponseHeader();
        pulled.setSuggestWhichBrokerId(0L);
        pulled.setNextBeginOffset(6L);
        pulled.setMinOffset(1L);
        pulled.setMaxOffset(9_007_199_254_740_991L);
        pulled.setOffsetDelta(0L);
        response("11 PULL_MESSAGE", ResponseCode.PULL_NOT_FOUND, "NO_NEW_MSG", pulled);
        var queried = new QueryConsumerOffsetResponseHeader();
        queried.setOffset(17L);
        response("14 QUERY_CONSUMER_OFFSET", ResponseCode.SUCCESS, null, queried);
        var most = new GetMaxOffsetResponseHeader();
        most.setOffset(9L);
        response("30 GET_MAX_OFFSET", ResponseCode.SUCCESS, null, most);
        var least = new GetMinOffsetResponseHeader();
        least.setOffset(-1L);
        response("31 GET_MIN_OFFSET", ResponseCode.SUCCESS, null, least);
        var searched = new SearchOffsetResponseHeader();
        searched.setOffset(4L);
        response("29 SEARCH_OFFSET_BY_TIMESTAMP", ResponseCode.SUCCESS, null, searched);
        var found = new QueryMessageResponseHeader();
        found.setIndexLastUpdateTimestamp(1_700_000_000_000L);
        found.setIndexLastUpdatePhyoffset(88L);
        response("12 QUERY_MESSAGE", ResponseCode.QUERY_NOT_FOUND, "can not find message", found);
        var value = new GetKVConfigResponseHeader();
        value.setValue("gr\u00fc\u00df \ud83d\ude80");
        response("101 GET_KV_CONFIG", ResponseCode.SUCCESS, null, value);
        response("105 GET_ROUTEINFO_BY_TOPIC", ResponseCode.TOPIC_NOT_EXIST, "No topic route info", null);
        response("34 HEART_BEAT", ResponseCode.NO_PERMISSION, "check signature failed.", null);
    }

    private static void response(String name, int code, String remark, CommandCustomHeader header) throws Exception {
        RemotingCommand command = header == null
            ? RemotingCommand.createResponseCommand(code, remark)
            : RemotingCommand.createResponseCommandWithHeader(code, header);
        command.setRemark(remark);
        command.markResponseType();
        print("answer to " + name, header == null ? null : header.getClass(), command, 9);
    }

    private static void print(String name, Class<?> type, RemotingCommand command, int opaque) throws Exception {
        command.setOpaque(opaque);
        command.setLanguage(command.isResponseType() ? LanguageCode.JAVA : LanguageCode.OTHER);
        command.setVersion(command.isResponseType() ? 513 : 441);
        command.setSerializeTypeCurrentRPC(SerializeType.JSON);
        String json = hex(command.encode());
        command.setSerializeTypeCurrentRPC(SerializeType.ROCKETMQ);
        String binary = hex(command.encode());
        Map<String, String> fields = new TreeMap<>();
        if (command.getExtFields() != null) fields.putAll(command.getExtFields());
        String header = type == null ? "" : type.getSimpleName();
        OUT.println(String.join("\t", "frame", name, header, toJson(fields), json, binary));
    }

    private static void writeBodies() throws Exception {
        // Text that repeats itself, noise that does not, and a run longer than any window.
        byte[] body = new byte[200_000];
        new Random(7).nextBytes(body);
        byte[] text = "the quick brown fox jumps over the lazy dog. ".getBytes(StandardCharsets.UTF_8);
        for (int at = 2_000; at < 100_000; at++) body[at] = text[at % text.length];
        for (int at = 100_000; at < body.length; at++) body[at] = 7;
        for (CompressionType type : CompressionType.values()) {
            byte[] packed = CompressorFactory.getCompressor(type).compress(body, 5);
            OUT.println(String.join("\t", "body", type.name(), HEX.formatHex(packed)));
        }
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return HEX.formatHex(bytes);
    }

    private static String toJson(Map<String, String> fields) {
        StringBuilder json = new StringBuilder("{");
        for (Map.Entry<String, String> field : fields.entrySet()) {
            if (json.length() > 1) json.append(',');
            json.append(quoted(field.getKey())).append(':').append(quoted(field.getValue()));
        }
        return json.append('}').toString();
    }

    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (char unit : text.toCharArray()) {
            if (unit < ' ' || unit > '~' || unit == '"' || unit == '\\') json.append(String.format("\\u%04x", (int) unit));
            else json.append(unit);
        }
        return json.append('"').toString();
    }
}
