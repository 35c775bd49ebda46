import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends one request with the official client and prints "reply <body>" and "properties {...}", or
 * "error <class> <message>".
 *
 * Arguments: name server, topic, tag, body, timeout in milliseconds.
 */
public class Requester {
    public static void main(String[] args) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java-requester");
        producer.setNamesrvAddr(args[0]);
        producer.start();
        Message request = new Message(args[1], args[2], args[3].getBytes(StandardCharsets.UTF_8));
        try {
            Message reply = producer.request(request, Long.parseLong(args[4]));
            System.out.println("reply " + new String(reply.getBody(), StandardCharsets.UTF_8));
            System.out.println("properties " + json(reply.getProperties()));
        } catch (Exception error) {
            System.out.println("error " + error.getClass().getName() + " " + oneLine(error.getMessage()));
        }
        producer.shutdown();
        System.exit(0);
    }

    private static String json(Map<String, String> properties) {
        return new TreeMap<>(properties).entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
    }

    private static String quoted(String text) {
        return '"' + oneLine(text).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    private static String oneLine(String text) {
        return String.valueOf(text).replaceAll("\\p{Cntrl}", " ");
    }
}
