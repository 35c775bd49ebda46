import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Sends one message for each way in which the official client compresses, with that as its tag, and prints "sent (way)".
 *
 * Arguments: name server, topic, body, ways.
 */
public class Compressing {
    public static void main(String[] args) throws Exception {
        Lines.endOnFailure();
        for (int index = 3; index < args.length; index++) {
            // Read when a producer is made.
            System.setProperty("rocketmq.message.compressType", args[index]);
            DefaultMQProducer producer = new DefaultMQProducer("java-compressing-" + args[index]);
            producer.setNamesrvAddr(args[0]);
            producer.setInstanceName(args[index]);
            producer.setMqClientApiTimeout(Lines.PATIENCE_MS);
            producer.setSendMsgTimeout(Lines.PATIENCE_MS);
            producer.start();
            producer.send(new Message(args[1], args[index], args[2].getBytes(StandardCharsets.UTF_8)));
            System.out.println("sent " + args[index]);
        }
        Lines.untilEnd();
        Runtime.getRuntime().halt(0);
    }
}
