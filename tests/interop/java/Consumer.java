import java.util.Base64;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * A plain consumer with a group of its own: prints one line of JSON for each message of a topic, from the first one on.
 * Prints "ready" before. Runs until it is killed or its standard input ends.
 *
 * Arguments: name server, topic, consumer group, subscription.
 */
public class Consumer {
    public static void main(String[] args) throws Exception {
        Lines.endOnFailure();
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(args[2]);
        consumer.setNamesrvAddr(args[0]);
        consumer.setMqClientApiTimeout(Lines.PATIENCE_MS);
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.subscribe(args[1], args[3]);
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt message : messages) System.out.println(json(message));
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        System.out.println("ready");
        consumer.start();
        Serving.untilReading(consumer);
        Lines.untilEnd();
        Runtime.getRuntime().halt(0);
    }

    private static String json(MessageExt message) {
        return "{\"tag\":" + Lines.quoted(message.getTags())
            + ",\"body\":" + Lines.quoted(Base64.getEncoder().encodeToString(message.getBody()))
            + ",\"properties\":" + Lines.json(message.getProperties()) + "}";
    }
}
