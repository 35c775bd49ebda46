import java.util.Map;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Echoes the body of every request of a topic, as fast as it can. Prints {"event":"ready"}. Runs until it is killed or
 * its standard input ends.
 *
 * Arguments: name server, topic, consumer group.
 */
public class BenchResponder {
    public static void main(String[] args) throws Exception {
        DefaultMQProducer replies = new DefaultMQProducer(args[2] + "-replies");
        replies.setNamesrvAddr(args[0]);
        replies.start();
        ensureTopic(args[1], replies);

        // Threads, batch sizes and timers are the client's defaults: 20 threads, one message per call.
        DefaultMQPushConsumer requests = new DefaultMQPushConsumer(args[2]);
        requests.setNamesrvAddr(args[0]);
        requests.subscribe(args[1], "*");
        requests.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt request : messages) echo(request, replies);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        requests.start();
        Serving.untilReading(requests);

        System.out.println("{\"event\":\"ready\"}");
        while (System.in.read() >= 0) { }
        Runtime.getRuntime().halt(0);
    }

    /** A consumer looks for a topic that does not exist every 30 s only: too late for the first requests. */
    private static void ensureTopic(String topic, DefaultMQProducer producer) throws Exception {
        try {
            producer.fetchPublishMessageQueues(topic);
        } catch (MQClientException unknown) {
            producer.createTopic(producer.getCreateTopicKey(), topic, 4, Map.of());
        }
    }

    private static void echo(MessageExt request, DefaultMQProducer replies) {
        try {
            replies.send(MessageUtil.createReplyMessage(request, request.getBody()), 3000);
        } catch (Exception error) {
            System.err.println("reply failed: " + error);
        }
    }
}
