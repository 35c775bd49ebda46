import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * For each line of standard input, "(timeout in ms) (tag) (property=value or -) (body)", sends one request with the
 * official client and prints "reply (body)" and "properties {...}", or "error (class) (message)" and "properties {}".
 * Prints "ready" before. The body is no argument, because arguments go through the machine's locale. The client takes the
 * topic's queues in turn. Ends with its standard input.
 *
 * Arguments: name server, topic.
 */
public class Requester {
    public static void main(String[] args) throws Exception {
        Lines.endOnFailure();
        DefaultMQProducer producer = new DefaultMQProducer("java-requester");
        producer.setNamesrvAddr(args[0]);
        producer.setMqClientApiTimeout(Lines.PATIENCE_MS);
        producer.start();
        System.out.println("ready");
        for (String line = Lines.read(); line != null; line = Lines.read()) {
            String[] words = line.split(" ", 4);
            Message request = new Message(args[1], words[1], words[3].getBytes(StandardCharsets.UTF_8));
            String[] property = words[2].split("=", 2);
            if (property.length == 2) request.putUserProperty(property[0], property[1]);
            request(producer, request, Long.parseLong(words[0]));
        }
        Runtime.getRuntime().halt(0);
    }

    private static void request(DefaultMQProducer producer, Message request, long timeoutMs) {
        try {
            Message reply = producer.request(request, timeoutMs);
            System.out.println("reply " + new String(reply.getBody(), StandardCharsets.UTF_8));
            System.out.println("properties " + Lines.json(reply.getProperties()));
        } catch (Exception error) {
            System.out.println("error " + error.getClass().getName() + " " + Lines.oneLine(error.getMessage()));
            System.out.println("properties {}");
        }
    }
}
