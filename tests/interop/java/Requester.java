import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * For each line of standard input, "(tag) (body)", sends one request with the official client and prints
 * "reply (body)" and "properties {...}", or "error (class) (message)". Prints "ready" before. The body is no argument,
 * because arguments go through the machine's locale. Ends with its standard input.
 *
 * Arguments: name server, topic, timeout in milliseconds.
 */
public class Requester {
    public static void main(String[] args) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java-requester");
        producer.setNamesrvAddr(args[0]);
        producer.start();
        System.out.println("ready");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] words = line.split(" ", 2);
            request(producer, new Message(args[1], words[0], words[1].getBytes(StandardCharsets.UTF_8)), args[2]);
        }
        producer.shutdown();
        System.exit(0);
    }

    private static void request(DefaultMQProducer producer, Message request, String timeoutMs) {
        try {
            Message reply = producer.request(request, Long.parseLong(timeoutMs));
            System.out.println("reply " + new String(reply.getBody(), StandardCharsets.UTF_8));
            System.out.println("properties " + json(reply.getProperties()));
        } catch (Exception error) {
            System.out.println("error " + error.getClass().getName() + " " + oneLine(error.getMessage()));
        }
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
