import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.apache.rocketmq.client.exception.RequestTimeoutException;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.common.message.Message;

/**
 * Measures the official client's request(). Prints {"event":"ready"} and then reads commands
 * "(closed|open) (calls in flight|calls per second) (bytes) (warm-up ms) (measured ms)" from standard input. Each keeps
 * exactly so many synchronous requests going, one thread each, or begins so many a second, and prints {"event":"start"}
 * when the measured window begins, {"event":"stop"} when it is over and {"event":"end",...} after it. Ends with its
 * standard input.
 *
 * Arguments: name server, topic.
 */
public class BenchRequester {
    private static final long TIMEOUT_MS = 10_000;
    /** Calls of an open loop that are under way at most. */
    private static final int MOST_OPEN = 1024;
    private static final int FIRST_ATTEMPTS = 5;
    private static final AtomicLong SEQUENCE = new AtomicLong();

    public static void main(String[] args) throws Exception {
        DefaultMQProducer producer = new DefaultMQProducer("java-bench-requester");
        producer.setNamesrvAddr(args[0]);
        producer.start();
        untilAnswered(producer, args[1]);
        System.out.println("{\"event\":\"ready\"}");

        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ");
            int size = Integer.parseInt(words[1]);
            boolean open = words[0].equals("open");
            Window window = new Window(producer, args[1], Integer.parseInt(words[2]), open ? 1e9 / size : 0,
                Long.parseLong(words[3]), Long.parseLong(words[4]));
            window.run(open ? MOST_OPEN : size);
        }
        Runtime.getRuntime().halt(0);
    }

    /** The first replies are lost where the responder has no queues yet, or the broker does not know this client. */
    private static void untilAnswered(DefaultMQProducer producer, String topic) throws Exception {
        for (int attempt = 1; ; attempt++) {
            try {
                call(producer, topic, 128);
                return;
            } catch (RequestTimeoutException error) {
                if (attempt == FIRST_ATTEMPTS) throw error;
            }
        }
    }

    /** One request; fails unless the reply's body is the request's, byte by byte. */
    private static void call(DefaultMQProducer producer, String topic, int bytes) throws Exception {
        byte[] body = body(SEQUENCE.incrementAndGet(), bytes);
        Message reply = producer.request(new Message(topic, body), TIMEOUT_MS);
        if (!Arrays.equals(reply.getBody(), body)) throw new IllegalStateException("not the body that was sent");
    }

    /** JSON of exactly that length, no two alike. */
    private static byte[] body(long sequence, int bytes) {
        String head = "{\"seq\":\"" + sequence + "\",\"pad\":\"";
        return (head + "x".repeat(bytes - head.length() - 2) + "\"}").getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * A measured window. In a closed loop calls that end within it count. In an open one it is those that are due within
     * it, from then on; what is due and not begun when it is over counts with what it has waited.
     */
    private static class Window {
        private final DefaultMQProducer producer;
        private final String topic;
        private final int bytes;
        /** Nanoseconds between two calls of an open loop; 0: a closed one. */
        private final double gap;
        private final long begin = System.nanoTime();
        private final long from;
        private final long to;
        private final AtomicLong tickets = new AtomicLong();
        private final LongAdder ended = new LongAdder();
        private final LongAdder failed = new LongAdder();
        private volatile String anError = "";

        Window(DefaultMQProducer producer, String topic, int bytes, double gap, long warmUpMs, long measuredMs) {
            this.producer = producer;
            this.topic = topic;
            this.bytes = bytes;
            this.gap = gap;
            from = begin + warmUpMs * 1_000_000;
            to = from + measuredMs * 1_000_000;
        }

        void run(int count) throws InterruptedException {
            List<Slot> slots = new ArrayList<>();
            for (int i = 0; i < count; i++) slots.add(new Slot());
            slots.forEach(Thread::start);
            sleepUntil(from);
            System.out.println("{\"event\":\"start\"}");
            ended.reset();
            long start = System.nanoTime();
            sleepUntil(to);
            double seconds = (System.nanoTime() - start) / 1e9;
            long calls = ended.sum();
            // Before the sorting, which is no part of the window: its processor time is read at this line.
            System.out.println("{\"event\":\"stop\"}");
            for (Slot slot : slots) slot.join();
            report(slots, calls, seconds);
        }

        private void report(List<Slot> slots, long calls, double seconds) {
            long[] took = sorted(slots, slot -> slot.took);
            long[] late = sorted(slots, slot -> slot.late);
            System.out.printf(Locale.ROOT, "{\"event\":\"end\",\"calls\":%d,\"failed\":%d,\"seconds\":%.4f,"
                + "\"p50Ms\":%.4f,\"p99Ms\":%.4f,\"p999Ms\":%.4f,\"lateP99Ms\":%.4f,\"anError\":\"%s\"}%n",
                calls, failed.sum(), seconds, quantileMs(took, 0.50), quantileMs(took, 0.99),
                quantileMs(took, 0.999), quantileMs(late, 0.99), anError.replaceAll("[^ -~]|[\"\\\\]", "?"));
        }

        private static long[] sorted(List<Slot> slots, Function<Slot, Durations> which) {
            return slots.stream().flatMapToLong(slot -> which.apply(slot).all()).sorted().toArray();
        }

        /** Nearest rank. */
        private static double quantileMs(long[] sorted, double quantile) {
            if (sorted.length == 0) return 0;
            return sorted[Math.max(0, (int) Math.ceil(sorted.length * quantile) - 1)] / 1e6;
        }

        private static void sleepUntil(long nanos) {
            for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }

        /** One request after the other. */
        private class Slot extends Thread {
            final Durations took = new Durations();
            final Durations late = new Durations();

            @Override
            public void run() {
                if (gap > 0) open();
                else closed();
            }

            private void closed() {
                for (long start = System.nanoTime(); start < to; start = System.nanoTime()) {
                    if (!succeeds()) continue;
                    long end = System.nanoTime();
                    if (end >= from && end < to) took.add(end - start);
                }
            }

            private void open() {
                while (true) {
                    long due = begin + (long) (tickets.getAndIncrement() * gap);
                    if (due >= to) return;
                    sleepUntil(due);
                    long start = Math.min(System.nanoTime(), to);
                    if (start < to && !succeeds()) continue;
                    long end = start < to ? System.nanoTime() : to;
                    if (due < from) continue;
                    took.add(end - due);
                    late.add(start - due);
                }
            }

            private boolean succeeds() {
                try {
                    call(producer, topic, bytes);
                    ended.increment();
                    return true;
                } catch (Exception error) {
                    failed.increment();
                    anError = error.toString();
                    return false;
                }
            }
        }
    }

    /** Nanoseconds, as many as come. */
    private static class Durations {
        private long[] values = new long[1024];
        private int count;

        void add(long nanos) {
            if (count == values.length) values = Arrays.copyOf(values, count * 2);
            values[count++] = nanos;
        }

        LongStream all() {
            return Arrays.stream(values, 0, count);
        }
    }
}
