import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * RocketMQ's own `mqadmin`: runs each line of standard input as one command, in one JVM because a start takes seconds.
 * Arguments are separated by blanks; one in single quotes may contain some. Prints what the command prints, then
 * "-- end". Prints "ready" before. Ends with its standard input.
 */
public class Admin {
    public static void main(String[] ignored) throws Exception {
        Lines.endOnFailure();
        // What fails is told there.
        System.setErr(System.out);
        System.out.println("ready");
        for (String line = Lines.read(); line != null; line = Lines.read()) {
            MQAdminStartup.main0(words(line), null);
            System.out.println();
            System.out.println("-- end");
        }
        Runtime.getRuntime().halt(0);
    }

    /** As a shell splits them. */
    private static String[] words(String line) {
        return java.util.regex.Pattern.compile("'([^']*)'|(\\S+)").matcher(line).results()
            .map(word -> word.group(1) != null ? word.group(1) : word.group(2)).toArray(String[]::new);
    }
}
