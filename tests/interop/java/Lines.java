import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** How the programs of this folder talk: in lines of UTF-8, with JSON where there is more than a word. */
final class Lines {
    private static final BufferedReader INPUT =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    /** What clients give name servers to answer: a JVM that has just started on a busy machine takes its time. */
    static final int PATIENCE_MS = 30_000;

    private Lines() { }

    /** Lets a failure end the program, which the clients' threads would keep alive. */
    static void endOnFailure() {
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
    }

    /** The next line of standard input; null at its end. */
    static String read() throws IOException {
        return INPUT.readLine();
    }

    /** Resolves when whoever started this program is gone. */
    static void untilEnd() throws IOException {
        while (read() != null) { }
    }

    /** Properties as a JSON object of strings, sorted by name. */
    static String json(Map<String, String> properties) {
        return new TreeMap<>(properties).entrySet().stream()
            .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
            .collect(Collectors.joining(",", "{", "}"));
    }

    /** A JSON string. */
    static String quoted(String text) {
        return '"' + oneLine(text).replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** Text without line ends and other control characters. */
    static String oneLine(String text) {
        return String.valueOf(text).replaceAll("\\p{Cntrl}", " ");
    }
}
