import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Measures the official client's request(). Prints {"event":"ready"} and then reads commands
 * "run (in flight) (warm-up ms) (measured ms)" from standard input. Each keeps exactly so many synchronous requests
 * going, one thread each, and prints {"event":"start"} when the measured window begins and {"event":"end",...} after
 * it. Ends with its standard input.
 *
 * Arguments: name server, topic, bytes of the body.
 */
public class BenchRequester {
    private static final long TIMEOUT_MS = 10_000;
    private static final AtomicLong SEQUENCE = new AtomicLong();

    public static void main(String[] args) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java-bench-requester");
        producer.setNamesrvAddr(args[0]);
        producer.start();
        int bytes = Integer.parseInt(args[2]);
        call(producer, args[1], bytes);
        System.out.println("{\"event\":\"ready\"}");

        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            Window window = new Window(producer, args[1], bytes);
            window.run(Integer.parseInt(words[1]), Long.parseLong(words[2]), Long.parseLong(words[3]));
        }
        Runtime.getRuntime().halt(0);
    }

    /** One request; fails unless the reply's body is the request's, byte by byte. */
    private static void call(DefaultMQProducer producer, String topic, int bytes) throws Exception {
        byte[] body = body(SEQUENCE.incrementAndGet(), bytes);
        Message reply = producer.request(new Message(topic, body), TIMEOUT_MS);
        if (!Arrays.equals(reply.getBody(), body)) throw new IllegalStateException("not the body that was sent");
    }

    /** JSON of exactly that length, no two alike. */
    private static byte[] body(long sequence, int bytes) {
        StringBuilder text = new StringBuilder("{\"seq\":\"").append(sequence).append("\",\"pad\":\"");
        while (text.length() < bytes - 2) text.append('x');
        return text.append("\"}").toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** A measured window: calls that end within it count. */
    private static class Window {
        private final DefaultMQProducer producer;
        private final String topic;
        private final int bytes;
        private final LongAdder failed = new LongAdder();
        private volatile boolean measuring;
        private volatile boolean done;
        private volatile String anError = "";

        Window(DefaultMQProducer producer, String topic, int bytes) {
            this.producer = producer;
            this.topic = topic;
            this.bytes = bytes;
        }

        void run(int inFlight, long warmUpMs, long measuredMs) throws InterruptedException {
            List<Slot> slots = new ArrayList<>();
            for (int i = 0; i < inFlight; i++) slots.add(new Slot());
            slots.forEach(Thread::start);
            Thread.sleep(warmUpMs);
            System.out.println("{\"event\":\"start\"}");
            long start = System.nanoTime();
            measuring = true;
            Thread.sleep(measuredMs);
            measuring = false;
            double seconds = (System.nanoTime() - start) / 1e9;
            // Before the sorting, which is no part of the window: its processor time is read at this line.
            System.out.println("{\"event\":\"stop\"}");
            done = true;
            for (Slot slot : slots) slot.join();
            report(slots, seconds);
        }

        private void report(List<Slot> slots, double seconds) {
            long[] nanos = slots.stream().flatMapToLong(Slot::latencies).sorted().toArray();
            System.out.printf("{\"event\":\"end\",\"calls\":%d,\"failed\":%d,\"seconds\":%.4f,\"p50Ms\":%.4f,"
                + "\"p99Ms\":%.4f,\"anError\":\"%s\"}%n", nanos.length, failed.sum(), seconds,
                quantileMs(nanos, 0.50), quantileMs(nanos, 0.99), anError.replaceAll("[^ -~]|[\"\\\\]", "?"));
        }

        /** Nearest rank. */
        private static double quantileMs(long[] sorted, double quantile) {
            if (sorted.length == 0) return 0;
            return sorted[Math.max(0, (int) Math.ceil(sorted.length * quantile) - 1)] / 1e6;
        }

        /** One request after the other. */
        private class Slot extends Thread {
            private long[] nanos = new long[1024];
            private int count;

            LongStream latencies() {
                return Arrays.stream(nanos, 0, count);
            }

            @Override
            public void run() {
                while (!done) {
                    long start = System.nanoTime();
                    try {
                        call(producer, topic, bytes);
                        if (measuring) record(System.nanoTime() - start);
                    } catch (Exception error) {
                        failed.increment();
                        anError = error.toString();
                    }
                }
            }

            private void record(long latency) {
                if (count == nanos.length) nanos = Arrays.copyOf(nanos, count * 2);
                nanos[count++] = latency;
            }
        }
    }
}
