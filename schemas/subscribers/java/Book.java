import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/**
 * Keeps the current positions of a position-bridge from its bus. It makes all decisions: it takes
 * messages and the time, and returns changes and subscriptions. It has no socket and no clock;
 * times are in milliseconds.
 */
final class Book {
    private static final int MISSED_HEARTBEATS = 3;
    /** Many subscribers detect a loss together: spread their requests. */
    private static final double FIRST_ASK_WITHIN = 100;
    /** Doubled each time. */
    private static final double ASK_AGAIN_AFTER = 1000;
    private static final double ASK_AGAIN_AFTER_MAX = 30_000;

    /** A position, or an account when there is no symbol. */
    record Key(String account, String symbol, String positionSide) {
        static Key ofAccount(String account) {
            return new Key(account, null, null);
        }
    }

    /** The state of an account. */
    static final class Account {
        /** Or the state from the bridge: live, stale, ... */
        String state = "unknown";
        /** No message of it is missing. */
        boolean isCurrent;
        /** Otherwise it may hold positions that the bridge does not know. */
        private boolean isKnown;
        private long sequence = -1;
    }

    static final class Counters {
        long gaps;
        long snapshots;
        long epochs;
        long stale;
        long rejected;
    }

    /** A change of the subscriptions of the socket. */
    record Subscription(boolean isWanted, String topic) {}

    private record Epoch(String instance, long start) {}

    /** A required snapshot: requested by `topic` if there is one; the next request is at `due`. */
    private static final class Ask {
        String topic;
        double due;
        int count;
        boolean isAnswered;
        /** The account of these parts. */
        String account;
        long parts;
        final List<Map<String, Value>> positions = new ArrayList<>();

        Ask(double due) {
            this.due = due;
        }
    }

    /**
     * The last message of each open position. Its `state` is "live" only while it can be trusted:
     * heartbeats arrive, no message was missed, and the bridge reports it as live.
     */
    final Map<Key, Map<String, Value>> positions = new HashMap<>();
    final Map<String, Account> accounts = new HashMap<>();
    final Counters counters = new Counters();

    private final Set<String> followed;
    private final Set<String> scopes;
    private final double silence;
    private double silentAt;
    private boolean isSilent = true;
    private Epoch epoch;
    private final Map<String, Ask> asks = new HashMap<>();
    private Set<Key> changes = new LinkedHashSet<>();
    private List<Subscription> subscriptions = new ArrayList<>();
    private final SecureRandom random = new SecureRandom();

    /** Follows `accounts`, or all if there are none. */
    Book(Set<String> accounts, double heartbeatInterval, double now) {
        followed = Set.copyOf(accounts);
        scopes = followed.isEmpty() ? Set.of("all") : followed;
        silence = MISSED_HEARTBEATS * heartbeatInterval;
        silentAt = now + silence;
        List<String> topics = new ArrayList<>(List.of("bridge.heartbeat", "bridge.shutdown"));
        if (followed.isEmpty()) topics.addAll(List.of("position.update.", "account.status."));
        for (String account : followed) {
            topics.add("position.update." + account + ".");
            topics.add("account.status." + account);
        }
        for (String topic : topics) subscriptions.add(new Subscription(true, topic));
        for (String scope : scopes) asks.put(scope, new Ask(now));
    }

    /** For the owner of the socket; each is returned once. */
    List<Subscription> takeSubscriptions() {
        List<Subscription> taken = subscriptions;
        subscriptions = new ArrayList<>();
        return taken;
    }

    /** Takes a message and returns the changes. */
    Set<Key> receive(String topic, byte[] payload, double now) {
        try {
            apply(topic, Message.decode(topic, payload), now);
        } catch (Garbage garbage) {
            ++counters.rejected;
        }
        return takeChanges();
    }

    /** Advances the time; call it often, after receiving what has arrived. */
    Set<Key> tick(double now) {
        if (now >= silentAt) {
            silentAt = now + silence;
            distrustEverything(now);
        }
        asks.forEach((scope, ask) -> {
            if (now >= ask.due) send(scope, ask, now);
        });
        return takeChanges();
    }

    private Set<Key> takeChanges() {
        Set<Key> taken = changes;
        changes = new LinkedHashSet<>();
        return taken;
    }

    // --- messages -------------------------------------------------------------------------------

    private void apply(String topic, Message message, double now) {
        if (!message.type.equals("position.snapshot")) {
            endAnswers();
        } else if (scopeOf(topic) == null) {
            return; // the rest of a withdrawn request's answer
        }
        enterEpoch(new Epoch(message.instance, message.epoch), now);
        switch (message.type) {
            case "position.update" -> onUpdate(message, now);
            case "account.status" -> onStatus(message, now);
            case "bridge.heartbeat" -> onHeartbeat(message, now);
            case "position.snapshot" -> onSnapshot(topic, message);
            default -> distrustEverything(now);
        }
    }

    private void onUpdate(Message message, double now) {
        if (followSequence(message, now)) put(message.fields, accounts.get(message.account));
    }

    private void onStatus(Message message, double now) {
        if (!followSequence(message, now)) return;
        Account account = accounts.get(message.account);
        account.state = message.state;
        changes.add(Key.ofAccount(message.account));
        if (!account.state.equals("live")) {
            markStale(message.account);
        } else if (!account.isKnown) {
            distrust(message.account);
            want(message.account, now);
        }
    }

    private void onHeartbeat(Message message, double now) {
        silentAt = now + silence;
        isSilent = false;
        message.accounts.forEach((name, sequence) -> {
            if (!isFollowed(name)) return;
            Account account = accountOf(name);
            if (account.sequence >= 0 && sequence > account.sequence) lose(name, now);
            account.sequence = Math.max(sequence, account.sequence);
            if (!account.isCurrent) want(name, now);
        });
        accounts.forEach((name, account) -> {
            if (message.accounts.containsKey(name) || account.state.equals("stopped")) return;
            distrust(name);
            want(name, now);
        });
    }

    private void onSnapshot(String topic, Message message) {
        String scope = scopeOf(topic);
        // A new epoch may just have ended the requests of the last one.
        if (scope == null || !isFollowed(message.account)) return;
        Ask ask = asks.get(scope);
        if (message.part == 1) {
            ask.account = message.account;
            ask.parts = 0;
            ask.positions.clear();
        }
        if (!message.account.equals(ask.account) || message.part != ask.parts + 1) {
            ask.account = null; // a part was lost: request it again
            return;
        }
        ++ask.parts;
        if (message.positions != null) ask.positions.addAll(message.positions);
        if (message.part < message.parts) return;
        replace(message, ask.positions);
        ask.account = null;
        ask.isAnswered = true;
        if (!scope.equals("all")) end(scope);
    }

    /** Replaces the account by the snapshot. */
    private void replace(Message message, List<Map<String, Value>> whole) {
        positions.keySet().removeIf(
            key -> key.account.equals(message.account) && changes.add(key) | true);
        Account account = accountOf(message.account);
        account.state = message.state;
        account.sequence = message.accountSeq;
        account.isKnown = message.positions != null;
        account.isCurrent = true;
        isSilent = false;
        for (Map<String, Value> position : whole) put(position, account);
        ++counters.snapshots;
        changes.add(Key.ofAccount(message.account));
    }

    private void put(Map<String, Value> position, Account account) {
        Key key = new Key(text(position, "account"), text(position, "symbol"),
            text(position, "position_side"));
        if (text(position, "side").equals("FLAT")) {
            positions.remove(key);
        } else {
            if (!account.isCurrent) position.put("state", STALE);
            positions.put(key, position);
        }
        changes.add(key);
    }

    // --- losses ------------------------------------------------------------------------

    private boolean isFollowed(String name) {
        return followed.isEmpty() || followed.contains(name);
    }

    private Account accountOf(String name) {
        return accounts.computeIfAbsent(name, unknown -> new Account());
    }

    private void enterEpoch(Epoch entered, double now) {
        if (entered.equals(epoch)) return;
        epoch = entered;
        ++counters.epochs;
        changes.addAll(positions.keySet());
        for (String name : accounts.keySet()) changes.add(Key.ofAccount(name));
        positions.clear();
        accounts.clear();
        silentAt = now + silence;
        for (String scope : List.copyOf(asks.keySet())) if (!scopes.contains(scope)) end(scope);
        for (String scope : scopes) {
            Ask ask = asks.get(scope);
            if (ask == null || ask.topic == null) {
                want(scope, now);
            } else { // the new bridge received it when we connected
                ask.count = 1;
                ask.due = now + pause(ask);
            }
        }
    }

    /** Whether the message is new. */
    private boolean followSequence(Message message, double now) {
        if (!isFollowed(message.account)) return false;
        Account account = accountOf(message.account);
        if (account.sequence >= 0) {
            if (message.accountSeq <= account.sequence) return false;
            if (message.accountSeq > account.sequence + 1) lose(message.account, now);
        }
        account.sequence = message.accountSeq;
        return true;
    }

    private void lose(String name, double now) {
        ++counters.gaps;
        distrust(name);
        want(name, now);
    }

    private void distrust(String name) {
        accounts.get(name).isCurrent = false;
        changes.add(Key.ofAccount(name));
        markStale(name);
    }

    private void distrustEverything(double now) {
        if (!isSilent) ++counters.stale;
        isSilent = true;
        for (String name : accounts.keySet()) distrust(name);
        for (String scope : scopes) want(scope, now);
    }

    private void markStale(String name) {
        positions.forEach((key, position) -> {
            if (key.account.equals(name) && !STALE.equals(position.put("state", STALE))) {
                changes.add(key);
            }
        });
    }

    // --- requests -------------------------------------------------------------------------------

    private String scopeOf(String topic) {
        for (Map.Entry<String, Ask> each : asks.entrySet()) {
            if (topic.equals(each.getValue().topic)) return each.getKey();
        }
        return null;
    }

    private void want(String scope, double now) {
        if (asks.containsKey(scope) || asks.containsKey("all")) return;
        asks.put(scope, new Ask(now + FIRST_ASK_WITHIN * random.nextDouble()));
    }

    private void send(String scope, Ask ask, double now) {
        if (ask.topic != null) subscriptions.add(new Subscription(false, ask.topic));
        ask.topic = "snapshot.%016x%016x.%s".formatted(
            random.nextLong(), random.nextLong(), scope);
        ask.account = null;
        ask.isAnswered = false;
        ++ask.count;
        ask.due = now + pause(ask);
        subscriptions.add(new Subscription(true, ask.topic));
    }

    private double pause(Ask ask) {
        double longest = Math.min(ASK_AGAIN_AFTER * Math.pow(2, ask.count - 1),
            ASK_AGAIN_AFTER_MAX);
        return longest * (0.5 + 0.5 * random.nextDouble());
    }

    /** The messages of an answer are consecutive: any other message ends it. */
    private void endAnswers() {
        for (String scope : List.copyOf(asks.keySet())) {
            if (asks.get(scope).isAnswered) end(scope);
        }
    }

    private void end(String scope) {
        Ask ask = asks.remove(scope);
        if (ask.topic != null) subscriptions.add(new Subscription(false, ask.topic));
    }

    // --- messages from bytes --------------------------------------------------------------------

    private static final Value STALE = ValueFactory.newString("stale");

    /** A message that does not follow the protocol. */
    private static final class Garbage extends Exception {
        private static final long serialVersionUID = 1;
    }

    /** Any message; fields that its type lacks are empty. */
    private static final class Message {
        Map<String, Value> fields;
        String type;
        String instance;
        long epoch;
        String account;
        String state;
        long accountSeq;
        long part;
        long parts;
        List<Map<String, Value>> positions;
        final Map<String, Long> accounts = new HashMap<>();

        static Message decode(String topic, byte[] payload) throws Garbage {
            Message message = new Message();
            try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(payload)) {
                message.fields = toMap(unpacker.unpackValue());
                require(!unpacker.hasNext());
                message.read(topic);
            } catch (IOException | MessagePackException | StackOverflowError
                | OutOfMemoryError | NegativeArraySizeException error) {
                throw new Garbage(); // the decoder recurses, trusts lengths, and decodes text late
            }
            return message;
        }

        private void read(String topic) throws Garbage {
            require(requiredNumber(fields, "v") == 1);
            type = requiredText(fields, "type");
            instance = requiredText(fields, "instance");
            epoch = requiredNumber(fields, "epoch");
            require(topic.startsWith(type.equals("position.snapshot") ? "snapshot." : type));
            switch (type) {
                case "bridge.shutdown" -> { }
                case "bridge.heartbeat" -> readAccounts();
                case "account.status" -> readAccount();
                case "position.update" -> {
                    readAccount();
                    requirePosition(fields);
                }
                case "position.snapshot" -> {
                    readAccount();
                    readSnapshot();
                }
                default -> throw new Garbage();
            }
        }

        private void readAccount() throws Garbage {
            account = requiredText(fields, "account");
            state = requiredText(fields, "state");
            accountSeq = requiredNumber(fields, "account_seq");
        }

        private void readAccounts() throws Garbage {
            Map<String, Value> named = toMap(fields.get("accounts"));
            for (String name : named.keySet()) accounts.put(name, requiredNumber(named, name));
        }

        private void readSnapshot() throws Garbage {
            part = requiredNumber(fields, "part");
            parts = requiredNumber(fields, "parts");
            Value list = fields.get("positions");
            require(list != null && (list.isNilValue() || list.isArrayValue()));
            if (list.isNilValue()) return;
            positions = new ArrayList<>();
            for (Value value : list.asArrayValue()) {
                Map<String, Value> position = toMap(value);
                requirePosition(position);
                require(text(position, "account").equals(account));
                positions.add(position);
            }
        }
    }

    private static String text(Map<String, Value> fields, String key) {
        return fields.get(key).asStringValue().asString();
    }

    private static void require(boolean condition) throws Garbage {
        if (!condition) throw new Garbage();
    }

    private static String requiredText(Map<String, Value> fields, String key) throws Garbage {
        Value value = fields.get(key);
        require(value != null && value.isStringValue());
        return value.asStringValue().asString();
    }

    private static long requiredNumber(Map<String, Value> fields, String key) throws Garbage {
        Value value = fields.get(key);
        require(value != null && value.isIntegerValue() && value.asIntegerValue().isInLongRange()
            && value.asIntegerValue().asLong() >= 0);
        return value.asIntegerValue().asLong();
    }

    private static void requirePosition(Map<String, Value> fields) throws Garbage {
        for (String key : List.of("account", "symbol", "position_side", "side", "size", "state")) {
            requiredText(fields, key);
        }
    }

    private static Map<String, Value> toMap(Value value) throws Garbage {
        require(value != null && value.isMapValue());
        Map<String, Value> fields = new HashMap<>();
        for (Map.Entry<Value, Value> field : value.asMapValue().entrySet()) {
            require(field.getKey().isStringValue());
            if (field.getValue().isStringValue()) field.getValue().asStringValue().asString();
            fields.put(field.getKey().asStringValue().asString(), field.getValue());
        }
        return fields;
    }
}
