import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.msgpack.value.Value;

/**
 * Prints the positions of a bridge as they change.
 *
 * <p>usage: Example [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]
 *
 * <p>With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
 * environment. With --json, the complete state as one line, ten times per second.
 */
final class Example {
    private static final int JSON_INTERVAL_MS = 100;

    private Example() {}

    private static String positionJson(Map<String, Value> position) {
        return position.entrySet().stream()
            .map(field -> '"' + field.getKey() + "\":" + field.getValue().toJson())
            .collect(Collectors.joining(",", "{", "}"));
    }

    private static String accountJson(String name, Book.Account account) {
        return "\"%s\":{\"state\":\"%s\",\"is_current\":%b}".formatted(
            name, account.state, account.isCurrent);
    }

    private static void printJson(Subscriber subscriber) {
        String positions = subscriber.positions().values().stream()
            .map(Example::positionJson).collect(Collectors.joining(","));
        String accounts = subscriber.accounts().entrySet().stream()
            .map(each -> accountJson(each.getKey(), each.getValue()))
            .collect(Collectors.joining(","));
        Book.Counters counters = subscriber.counters();
        System.out.println(("{\"positions\":[%s],\"accounts\":{%s},\"counters\":{\"gaps\":%d,"
            + "\"snapshots\":%d,\"epochs\":%d,\"stale\":%d,\"rejected\":%d}}").formatted(
                positions, accounts, counters.gaps, counters.snapshots, counters.epochs,
                counters.stale, counters.rejected));
    }

    private static void printChange(Subscriber subscriber, Book.Key change) {
        if (change.symbol() == null) {
            Book.Account account = subscriber.accounts().get(change.account());
            if (account != null) {
                System.out.printf("%s: %s, %s%n", change.account(), account.state,
                    account.isCurrent ? "complete" : "incomplete");
            }
            return;
        }
        Map<String, Value> position = subscriber.positions().get(change);
        System.out.printf("%s %s %s %s%n", change.account(), change.symbol(),
            change.positionSide(), position == null ? "closed" : "%s %s at %s (%s)".formatted(
                position.get("side"), position.get("size"), position.get("mark_price"),
                position.get("state")));
    }

    private static Subscriber.Curve keysFromEnvironment() {
        String server = System.getenv("CURVE_SERVER_KEY");
        String mine = System.getenv("CURVE_PUBLIC_KEY");
        String secret = System.getenv("CURVE_SECRET_KEY");
        return server == null || mine == null || secret == null
            ? null : new Subscriber.Curve(server, mine, secret);
    }

    public static void main(String[] all) {
        boolean isJson = all.length > 0 && all[0].equals("--json");
        String[] arguments = Arrays.copyOfRange(all, isJson ? 1 : 0, all.length);
        if (arguments.length == 0) throw new IllegalArgumentException("which endpoint?");
        String accounts = arguments.length > 1 ? arguments[1] : "all";
        int heartbeatMs = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 1000;
        Subscriber.Options options = new Subscriber.Options(
            accounts.equals("all") ? Set.of() : Set.of(accounts.split(",")), heartbeatMs,
            keysFromEnvironment(), 100_000);
        try (Subscriber subscriber = new Subscriber(arguments[0], options)) {
            long nextLine = System.currentTimeMillis();
            while (true) {
                Set<Book.Key> changes = subscriber.poll(JSON_INTERVAL_MS);
                if (!isJson) {
                    for (Book.Key change : changes) printChange(subscriber, change);
                } else if (System.currentTimeMillis() >= nextLine) {
                    printJson(subscriber);
                    nextLine = System.currentTimeMillis() + JSON_INTERVAL_MS;
                }
            }
        }
    }
}
