//! Keeps the current positions of a position-bridge from its bus.

pub mod book;

pub use book::{Account, Book, Change, Counters, Key, Position};
use std::time::{Duration, Instant};

/// Snapshot requests may become due while it waits.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const BATCH_MAX: usize = 1000;

/// Keys in Z85.
pub struct Curve {
    pub server_key: String,
    pub public_key: String,
    pub secret_key: String,
}

pub struct Options {
    /// None: all.
    pub accounts: Vec<String>,
    pub heartbeat_interval: Duration,
    pub curve: Option<Curve>,
    pub high_water_mark: i32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            accounts: Vec::new(),
            heartbeat_interval: Duration::from_secs(1),
            curve: None,
            high_water_mark: 100_000,
        }
    }
}

/// A subscriber of one bridge, over any of its endpoints.
///
/// ```no_run
/// # use position_subscriber::{Options, Subscriber};
/// # use std::time::Duration;
/// let mut subscriber = Subscriber::connect("tcp://127.0.0.1:5556", Options::default())?;
/// loop {
///     for change in subscriber.poll(Duration::from_secs(1))? {
///         println!("{:?}", change);
///     }
/// }
/// # Ok::<(), zmq::Error>(())
/// ```
pub struct Subscriber {
    socket: zmq::Socket,
    book: Book,
}

impl Subscriber {
    /// Connects; the bridge need not run yet.
    pub fn connect(endpoint: &str, options: Options) -> zmq::Result<Self> {
        let socket = zmq::Context::new().socket(zmq::SUB)?;
        socket.set_linger(0)?;
        socket.set_rcvhwm(options.high_water_mark)?;
        socket.set_reconnect_ivl(100)?;
        socket.set_reconnect_ivl_max(5000)?;
        // Detects a bridge whose machine is down.
        socket.set_heartbeat_ivl(1000)?;
        socket.set_heartbeat_timeout(3000)?;
        if let Some(curve) = &options.curve {
            let key = |text: &str| zmq::z85_decode(text).map_err(|_| zmq::Error::EINVAL);
            socket.set_curve_serverkey(&key(&curve.server_key)?)?;
            socket.set_curve_publickey(&key(&curve.public_key)?)?;
            socket.set_curve_secretkey(&key(&curve.secret_key)?)?;
        }
        let book = Book::new(options.accounts, options.heartbeat_interval, Instant::now());
        let mut subscriber = Subscriber { socket, book };
        subscriber.subscribe()?;
        subscriber.socket.connect(endpoint)?;
        Ok(subscriber)
    }

    pub fn book(&self) -> &Book {
        &self.book
    }

    /// What changed, waiting up to `timeout` for it; `book().positions` is the new state.
    pub fn poll(&mut self, timeout: Duration) -> zmq::Result<Vec<Change>> {
        let mut changes = Vec::new();
        let ends = Instant::now() + timeout;
        while changes.is_empty() && Instant::now() < ends {
            let left = ends.saturating_duration_since(Instant::now()).min(POLL_INTERVAL);
            if self.socket.poll(zmq::POLLIN, left.as_millis() as i64 + 1)? > 0 {
                self.receive(&mut changes)?;
            }
            changes.extend(self.book.tick(Instant::now()));
            self.subscribe()?;
        }
        Ok(changes)
    }

    fn receive(&mut self, changes: &mut Vec<Change>) -> zmq::Result<()> {
        for _ in 0..BATCH_MAX {
            let frames = match self.socket.recv_multipart(zmq::DONTWAIT) {
                Err(zmq::Error::EAGAIN) => return Ok(()),
                frames => frames?,
            };
            let topic = String::from_utf8_lossy(&frames[0]);
            let payload = if frames.len() == 2 { &frames[1][..] } else { &[] };
            changes.extend(self.book.receive(&topic, payload, Instant::now()));
        }
        Ok(())
    }

    fn subscribe(&mut self) -> zmq::Result<()> {
        for (is_wanted, topic) in self.book.take_subscriptions() {
            if is_wanted {
                self.socket.set_subscribe(topic.as_bytes())?;
            } else {
                self.socket.set_unsubscribe(topic.as_bytes())?;
            }
        }
        Ok(())
    }
}
