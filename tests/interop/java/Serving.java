import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.impl.consumer.DefaultMQPushConsumerImpl;

/** Whether a consumer has begun to read. */
final class Serving {
    private Serving() { }

    /**
     * Waits until a consumer that was started has queues. A client that is told of its route or of its group too late
     * takes them 20 to 30 s later, when it looks again by itself.
     */
    static void untilReading(DefaultMQPushConsumer consumer) throws InterruptedException {
        DefaultMQPushConsumerImpl inner = consumer.getDefaultMQPushConsumerImpl();
        while (inner.getRebalanceImpl().getProcessQueueTable().isEmpty()) {
            inner.getmQClientFactory().updateTopicRouteInfoFromNameServer();
            inner.getmQClientFactory().sendHeartbeatToAllBrokerWithLock();
            inner.doRebalance();
            Thread.sleep(20);
        }
    }
}
