import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Keeps exactly so many synchronous requests going, one thread each, and prints what a measured window gave as one
 * line of JSON. A line "options ..." before it says what the client was set to.
 *
 * Arguments: name server, topic, requests in flight, seconds of warm-up, seconds measured, bytes of the body.
 */
public class BenchRequester {
    private static final long TIMEOUT_MS = 10_000;
    private static final LongAdder FAILED = new LongAdder();
    private static volatile boolean measuring;
    private static volatile boolean done;

    public static void main(String[] args) throws Exception {
        int inFlight = Integer.parseInt(args[2]);
        DefaultMQProducer producer = startProducer(args[0]);
        byte[] body = new byte[Integer.parseInt(args[5])];
        Arrays.fill(body, (byte) 'x');
        producer.request(new Message(args[1], body), TIMEOUT_MS);

        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < inFlight; i++) slots.add(new Slot(producer, args[1], body));
        slots.forEach(Thread::start);
        Thread.sleep(seconds(args[3]));

        OperatingSystemMXBean process = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long cpu = process.getProcessCpuTime();
        long start = System.nanoTime();
        measuring = true;
        Thread.sleep(seconds(args[4]));
        measuring = false;
        double measured = (System.nanoTime() - start) / 1e9;
        cpu = process.getProcessCpuTime() - cpu;

        done = true;
        for (Slot slot : slots) slot.join();
        report(slots, measured, cpu / 1000);
        producer.shutdown();
        System.exit(0);
    }

    private static DefaultMQProducer startProducer(String nameServer) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java-bench-requester");
        producer.setNamesrvAddr(nameServer);
        producer.start();
        System.out.println("options timeoutMs=" + TIMEOUT_MS + " compressOver=" + producer.getCompressMsgBodyOverHowmuch()
            + " retries=" + producer.getRetryTimesWhenSendFailed() + " everything else: defaults");
        return producer;
    }

    private static void report(List<Slot> slots, double seconds, long cpuUs) {
        long[] nanos = slots.stream().flatMapToLong(Slot::latencies).sorted().toArray();
        System.out.printf("{\"calls\":%d,\"failed\":%d,\"seconds\":%.3f,\"p50Ms\":%.3f,\"p99Ms\":%.3f,\"cpuUs\":%d}%n",
            nanos.length, FAILED.sum(), seconds, quantileMs(nanos, 0.50), quantileMs(nanos, 0.99), cpuUs);
    }

    private static double quantileMs(long[] sorted, double quantile) {
        if (sorted.length == 0) return 0;
        return sorted[(int) Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] / 1e6;
    }

    private static long seconds(String text) {
        return Math.round(Double.parseDouble(text) * 1000);
    }

    /** One request after the other. Calls that end within the measured window count. */
    private static class Slot extends Thread {
        private final DefaultMQProducer producer;
        private final String topic;
        private final byte[] body;
        private long[] nanos = new long[1024];
        private int count;

        Slot(DefaultMQProducer producer, String topic, byte[] body) {
            this.producer = producer;
            this.topic = topic;
            this.body = body;
        }

        java.util.stream.LongStream latencies() {
            return Arrays.stream(nanos, 0, count);
        }

        @Override
        public void run() {
            while (!done) {
                long start = System.nanoTime();
                try {
                    producer.request(new Message(topic, body), TIMEOUT_MS);
                    if (measuring) record(System.nanoTime() - start);
                } catch (Exception error) {
                    if (measuring) FAILED.increment();
                    System.err.println("request failed: " + error);
                }
            }
        }

        private void record(long latency) {
            if (count == nanos.length) nanos = Arrays.copyOf(nanos, count * 2);
            nanos[count++] = latency;
        }
    }
}
