import java.nio.charset.StandardCharsets;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.exception.MQClientException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.utils.MessageUtil;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/**
 * Answers the requests of a topic by their tag: "refuse" with an error, "declare" with one that the contract declares,
 * "silent" not at all, all others with {"echo":<the body>}. Prints "ready" once, and "got <tag> <body>" per request.
 * Runs until it is killed or its standard input ends.
 *
 * Arguments: name server, topic, consumer group.
 */
public class Responder {
    public static void main(String[] args) throws Exception {
        Lines.endOnFailure();
        DefaultMQProducer replies = new DefaultMQProducer(args[2] + "-replies");
        replies.setNamesrvAddr(args[0]);
        replies.setMqClientApiTimeout(Lines.PATIENCE_MS);
        replies.start();

        DefaultMQPushConsumer requests = new DefaultMQPushConsumer(args[2]);
        requests.setNamesrvAddr(args[0]);
        requests.setMqClientApiTimeout(Lines.PATIENCE_MS);
        requests.subscribe(args[1], "*");
        requests.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            for (MessageExt request : messages) answer(request, replies);
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        requests.start();
        Serving.untilReading(requests);

        System.out.println("ready");
        Lines.untilEnd();
        Runtime.getRuntime().halt(0);
    }

    private static void answer(MessageExt request, DefaultMQProducer replies) {
        String tag = request.getTags();
        String body = new String(request.getBody(), StandardCharsets.UTF_8);
        System.out.println("got " + tag + " " + body);
        if (tag.equals("silent")) return;
        try {
            replies.send(reply(request, tag, body), 3000);
        } catch (Exception error) {
            System.err.println("reply failed: " + error);
        }
    }

    /** An error is a property of the reply: its code; text, whether anything ran, and the declared name may follow. */
    private static Message reply(MessageExt request, String tag, String body) throws MQClientException {
        boolean declared = tag.equals("declare");
        String answer = declared ? "{\"missing\":5}" : "{\"echo\":" + body + "}";
        Message reply = MessageUtil.createReplyMessage(request, answer.getBytes(StandardCharsets.UTF_8));
        if (declared || tag.equals("refuse")) {
            reply.putUserProperty("rpc-code", "failed_precondition");
            reply.putUserProperty("rpc-message", "closed for today");
            reply.putUserProperty("rpc-ran", declared ? "yes" : "no");
        }
        if (declared) reply.putUserProperty("rpc-error", "Short");
        return reply;
    }
}
