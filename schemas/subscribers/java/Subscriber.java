import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.msgpack.value.Value;

/**
 * A subscriber of one bridge, over any of its endpoints. Use it in one thread only.
 *
 * <pre>
 *     try (Subscriber subscriber = new Subscriber("tcp://127.0.0.1:5556", new Options())) {
 *         while (true)
 *             for (Book.Key change : subscriber.poll(1000))
 *                 System.out.println(change + " " + subscriber.positions().get(change));
 *     }
 * </pre>
 */
final class Subscriber implements AutoCloseable {
    /** Snapshot requests may become due while it waits. */
    private static final int POLL_INTERVAL_MS = 50;
    private static final int BATCH_MAX = 1000;

    /** Keys in Z85. */
    record Curve(String serverKey, String publicKey, String secretKey) {}

    /** No accounts: all of them. No curve: no encryption. */
    record Options(Set<String> accounts, int heartbeatIntervalMs, Curve curve, int highWaterMark) {
        Options() {
            this(Set.of(), 1000, null, 100_000);
        }
    }

    private final Pointer context = Zmq.zmq_ctx_new();
    private final Pointer socket = Zmq.zmq_socket(context, Zmq.SUB);
    private final Memory frame = new Memory(64); // a zmq_msg_t
    private final Book book;

    Subscriber(String endpoint, Options options) {
        book = new Book(options.accounts, options.heartbeatIntervalMs, now());
        set(Zmq.LINGER, 0);
        set(Zmq.RCVHWM, options.highWaterMark);
        set(Zmq.RECONNECT_IVL, 100);
        set(Zmq.RECONNECT_IVL_MAX, 5000);
        // Detects a bridge whose machine is down.
        set(Zmq.HEARTBEAT_IVL, 1000);
        set(Zmq.HEARTBEAT_TIMEOUT, 3000);
        if (options.curve != null) {
            set(Zmq.CURVE_SERVERKEY, options.curve.serverKey);
            set(Zmq.CURVE_PUBLICKEY, options.curve.publicKey);
            set(Zmq.CURVE_SECRETKEY, options.curve.secretKey);
        }
        subscribe();
        check(Zmq.zmq_connect(socket, endpoint));
    }

    Map<Book.Key, Map<String, Value>> positions() {
        return book.positions;
    }

    Map<String, Book.Account> accounts() {
        return book.accounts;
    }

    Book.Counters counters() {
        return book.counters;
    }

    /** What changed, waiting up to `timeoutMs` for it; `positions` is the new state. */
    Set<Book.Key> poll(int timeoutMs) {
        Set<Book.Key> changes = new LinkedHashSet<>();
        double ends = now() + timeoutMs;
        while (changes.isEmpty() && now() < ends) {
            set(Zmq.RCVTIMEO, (int) Math.ceil(Math.min(ends - now(), POLL_INTERVAL_MS)));
            List<byte[]> frames = receive(0);
            for (int count = 1; frames != null; ++count) {
                String topic = new String(frames.get(0), StandardCharsets.UTF_8);
                byte[] payload = frames.size() == 2 ? frames.get(1) : new byte[0];
                changes.addAll(book.receive(topic, payload, now()));
                frames = count < BATCH_MAX ? receive(Zmq.DONTWAIT) : null;
            }
            changes.addAll(book.tick(now()));
            subscribe();
        }
        return changes;
    }

    @Override
    public void close() {
        Zmq.zmq_close(socket);
        Zmq.zmq_ctx_term(context);
    }

    private static double now() {
        return System.nanoTime() / 1e6;
    }

    private void subscribe() {
        for (Book.Subscription subscription : book.takeSubscriptions()) {
            set(subscription.isWanted() ? Zmq.SUBSCRIBE : Zmq.UNSUBSCRIBE, subscription.topic());
        }
    }

    /** All frames of a message, or null when there is none. */
    private List<byte[]> receive(int flags) {
        List<byte[]> frames = new ArrayList<>();
        do {
            Zmq.zmq_msg_init(frame);
            int size = Zmq.zmq_msg_recv(frame, socket, flags);
            if (size < 0) return null;
            frames.add(size == 0 ? new byte[0] : Zmq.zmq_msg_data(frame).getByteArray(0, size));
        } while (hasMore());
        return frames;
    }

    private boolean hasMore() {
        boolean hasMore = Zmq.zmq_msg_more(frame) != 0;
        Zmq.zmq_msg_close(frame);
        return hasMore;
    }

    private void set(int option, int value) {
        try (Memory number = new Memory(Integer.BYTES)) {
            number.setInt(0, value);
            check(Zmq.zmq_setsockopt(socket, option, number, Integer.BYTES));
        }
    }

    private void set(int option, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        try (Memory text = new Memory(bytes.length)) {
            text.write(0, bytes, 0, bytes.length);
            check(Zmq.zmq_setsockopt(socket, option, text, bytes.length));
        }
    }

    private static void check(int result) {
        if (result != 0) throw new IllegalStateException(Zmq.zmq_strerror(Zmq.zmq_errno()));
    }

    /** The used functions of libzmq: Debian's Java bindings do not support CURVE. */
    private static final class Zmq {
        static final int SUB = 2;
        static final int DONTWAIT = 1;
        static final int SUBSCRIBE = 6;
        static final int UNSUBSCRIBE = 7;
        static final int LINGER = 17;
        static final int RECONNECT_IVL = 18;
        static final int RECONNECT_IVL_MAX = 21;
        static final int RCVHWM = 24;
        static final int RCVTIMEO = 27;
        static final int CURVE_PUBLICKEY = 48;
        static final int CURVE_SECRETKEY = 49;
        static final int CURVE_SERVERKEY = 50;
        static final int HEARTBEAT_IVL = 75;
        static final int HEARTBEAT_TIMEOUT = 77;

        static {
            Native.register("zmq");
        }

        static native Pointer zmq_ctx_new();

        static native int zmq_ctx_term(Pointer context);

        static native Pointer zmq_socket(Pointer context, int type);

        static native int zmq_close(Pointer socket);

        static native int zmq_connect(Pointer socket, String endpoint);

        static native int zmq_setsockopt(Pointer socket, int option, Pointer value, long size);

        static native int zmq_msg_init(Pointer message);

        static native int zmq_msg_recv(Pointer message, Pointer socket, int flags);

        static native Pointer zmq_msg_data(Pointer message);

        static native int zmq_msg_more(Pointer message);

        static native int zmq_msg_close(Pointer message);

        static native int zmq_errno();

        static native String zmq_strerror(int number);
    }
}
