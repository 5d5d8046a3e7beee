//! All decisions: takes messages and the time, returns changes and subscriptions. It has no
//! socket and no clock.

use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hasher};
use std::time::{Duration, Instant};

const MISSED_HEARTBEATS: u32 = 3;
/// Many subscribers detect a loss together: spread their requests.
const FIRST_ASK_WITHIN: Duration = Duration::from_millis(100);
/// Doubled each time.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);
const ASK_AGAIN_AFTER_MAX: Duration = Duration::from_secs(30);

/// The last position.update of an open position, by the names of its keys. Its `state` is "live"
/// only while it can be trusted: heartbeats arrive, no message was missed, and the bridge reports
/// it as live.
pub type Position = serde_json::Map<String, Value>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub account: String,
    pub symbol: String,
    pub position_side: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    Account(String),
    Position(Key),
}

/// The state of an account.
#[derive(Debug)]
pub struct Account {
    /// "unknown", or the state from the bridge: live, stale, ...
    pub state: String,
    /// No message of it is missing.
    pub is_current: bool,
    /// Otherwise it may hold positions that the bridge does not know.
    is_known: bool,
    sequence: Option<u64>,
}

impl Default for Account {
    fn default() -> Self {
        Account { state: "unknown".into(), is_current: false, is_known: false, sequence: None }
    }
}

#[derive(Debug, Default)]
pub struct Counters {
    pub gaps: u64,
    pub snapshots: u64,
    pub epochs: u64,
    pub stale: u64,
    pub rejected: u64,
}

/// A required snapshot: requested by `topic` if there is one; the next request is at `due`.
struct Ask {
    topic: Option<String>,
    due: Instant,
    count: u32,
    is_answered: bool,
    /// The account of these parts.
    account: Option<String>,
    parts: u64,
    positions: Vec<Position>,
}

impl Ask {
    fn new(due: Instant) -> Self {
        Ask {
            topic: None,
            due,
            count: 0,
            is_answered: false,
            account: None,
            parts: 0,
            positions: Vec::new(),
        }
    }

    fn pause(&self) -> Duration {
        let longest = ASK_AGAIN_AFTER * 2u32.pow(self.count.clamp(1, 11) - 1);
        longest.min(ASK_AGAIN_AFTER_MAX).mul_f64(0.5 + 0.5 * uniform())
    }
}

/// The state of one bridge.
pub struct Book {
    pub positions: BTreeMap<Key, Position>,
    pub accounts: BTreeMap<String, Account>,
    pub counters: Counters,
    followed: BTreeSet<String>,
    scopes: BTreeSet<String>,
    silence: Duration,
    silent_at: Instant,
    is_silent: bool,
    /// The instance, and the start of its run.
    epoch: Option<(String, u64)>,
    asks: BTreeMap<String, Ask>,
    changes: BTreeSet<Change>,
    subscriptions: Vec<(bool, String)>,
}

impl Book {
    /// Follows `accounts`, or all if there are none.
    pub fn new(accounts: Vec<String>, heartbeat_interval: Duration, now: Instant) -> Self {
        let followed: BTreeSet<String> = accounts.into_iter().collect();
        let mut topics = vec!["bridge.heartbeat".to_string(), "bridge.shutdown".to_string()];
        let mut scopes = followed.clone();
        if followed.is_empty() {
            topics.extend(["position.update.".to_string(), "account.status.".to_string()]);
            scopes.insert("all".into());
        }
        for account in &followed {
            topics.push(format!("position.update.{account}."));
            topics.push(format!("account.status.{account}"));
        }
        let silence = MISSED_HEARTBEATS * heartbeat_interval;
        Book {
            positions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            counters: Counters::default(),
            followed,
            silence,
            silent_at: now + silence,
            is_silent: true,
            epoch: None,
            asks: scopes.iter().map(|scope| (scope.clone(), Ask::new(now))).collect(),
            scopes,
            changes: BTreeSet::new(),
            subscriptions: topics.into_iter().map(|topic| (true, topic)).collect(),
        }
    }

    /// (true to subscribe, the topic), for the owner of the socket; each is returned once.
    pub fn take_subscriptions(&mut self) -> Vec<(bool, String)> {
        std::mem::take(&mut self.subscriptions)
    }

    /// Takes a message and returns the changes.
    pub fn receive(&mut self, topic: &str, payload: &[u8], now: Instant) -> BTreeSet<Change> {
        match decode(topic, payload) {
            Some(message) => self.apply(topic, message, now),
            None => self.counters.rejected += 1,
        }
        std::mem::take(&mut self.changes)
    }

    /// Advances the time; call it often, after receiving what has arrived.
    pub fn tick(&mut self, now: Instant) -> BTreeSet<Change> {
        if now >= self.silent_at {
            self.silent_at = now + self.silence;
            self.distrust_everything(now);
        }
        for (scope, ask) in self.asks.iter_mut().filter(|(_, ask)| now >= ask.due) {
            if let Some(old) = ask.topic.take() {
                self.subscriptions.push((false, old));
            }
            let topic = format!("snapshot.{:016x}{:016x}.{}", random(), random(), scope);
            self.subscriptions.push((true, topic.clone()));
            ask.topic = Some(topic);
            ask.account = None;
            ask.is_answered = false;
            ask.count += 1;
            ask.due = now + ask.pause();
        }
        std::mem::take(&mut self.changes)
    }

    // --- messages ------------------------------------------------------------------------------

    fn apply(&mut self, topic: &str, message: Message, now: Instant) {
        if !matches!(message.body, Body::Snapshot { .. }) {
            self.end_asks(|_, ask| ask.is_answered);
        } else if self.scope_of(topic).is_none() {
            return; // the rest of a withdrawn request's answer
        }
        self.enter_epoch((message.instance, message.epoch), now);
        match message.body {
            Body::Update(of, position) => {
                if self.follow_sequence(&of, now) {
                    self.put(position);
                }
            }
            Body::Status(of) => self.on_status(of, now),
            Body::Heartbeat(sequences) => self.on_heartbeat(sequences, now),
            Body::Snapshot { of, part, parts, positions } => {
                self.on_snapshot(topic, of, (part, parts), positions)
            }
            Body::Shutdown => self.distrust_everything(now),
        }
    }

    fn on_status(&mut self, of: AccountWord, now: Instant) {
        if !self.follow_sequence(&of, now) {
            return;
        }
        self.changes.insert(Change::Account(of.account.clone()));
        let account = self.accounts.entry(of.account.clone()).or_default();
        account.state = of.state;
        let is_incomplete = !account.is_known;
        if account.state != "live" {
            self.mark_stale(&of.account);
        } else if is_incomplete {
            self.distrust(&of.account);
            self.want(&of.account, now);
        }
    }

    fn on_heartbeat(&mut self, sequences: BTreeMap<String, u64>, now: Instant) {
        self.silent_at = now + self.silence;
        self.is_silent = false;
        for (name, &sequence) in &sequences {
            if !self.is_followed(name) {
                continue;
            }
            let account = self.accounts.entry(name.clone()).or_default();
            let known = account.sequence;
            account.sequence = Some(sequence.max(known.unwrap_or(0)));
            let is_current = account.is_current;
            if known.map_or(false, |known| sequence > known) {
                self.lose(name, now);
            } else if !is_current {
                self.want(name, now);
            }
        }
        let gone: Vec<String> = self
            .accounts
            .iter()
            .filter(|(name, account)| !sequences.contains_key(*name) && account.state != "stopped")
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            self.distrust(&name);
            self.want(&name, now);
        }
    }

    fn on_snapshot(
        &mut self,
        topic: &str,
        of: AccountWord,
        (part, parts): (u64, u64),
        positions: Option<Vec<Position>>,
    ) {
        let is_followed = self.is_followed(&of.account);
        // A new epoch may just have ended the requests of the last one.
        let scope = match self.scope_of(topic) {
            Some(scope) if is_followed => scope,
            _ => return,
        };
        let ask = self.asks.get_mut(&scope).expect("it was just found");
        if part == 1 {
            ask.account = Some(of.account.clone());
            ask.parts = 0;
            ask.positions.clear();
        }
        if ask.account.as_ref() != Some(&of.account) || part != ask.parts + 1 {
            ask.account = None; // a part was lost: request it again
            return;
        }
        ask.parts += 1;
        let is_known = positions.is_some();
        ask.positions.extend(positions.unwrap_or_default());
        if part < parts {
            return;
        }
        let whole = std::mem::take(&mut ask.positions);
        ask.account = None;
        ask.is_answered = true;
        self.replace(of, is_known, whole);
        if scope != "all" {
            self.end_asks(|each, _| *each == scope);
        }
    }

    /// Replaces the account by the snapshot.
    fn replace(&mut self, of: AccountWord, is_known: bool, positions: Vec<Position>) {
        let changes = &mut self.changes;
        self.positions.retain(|key, _| {
            let is_other = key.account != of.account;
            if !is_other {
                changes.insert(Change::Position(key.clone()));
            }
            is_other
        });
        self.changes.insert(Change::Account(of.account.clone()));
        let account =
            Account { state: of.state, is_current: true, is_known, sequence: Some(of.sequence) };
        self.accounts.insert(of.account, account);
        self.is_silent = false;
        for position in positions {
            self.put(position);
        }
        self.counters.snapshots += 1;
    }

    fn put(&mut self, mut position: Position) {
        let text = |key| position[key].as_str().unwrap_or_default().to_string();
        let key = Key {
            account: text("account"),
            symbol: text("symbol"),
            position_side: text("position_side"),
        };
        self.changes.insert(Change::Position(key.clone()));
        if position["side"] == "FLAT" {
            self.positions.remove(&key);
            return;
        }
        if !self.accounts.get(&key.account).map_or(false, |account| account.is_current) {
            position.insert("state".into(), "stale".into());
        }
        self.positions.insert(key, position);
    }

    // --- losses -----------------------------------------------------------------------

    fn is_followed(&self, name: &str) -> bool {
        self.followed.is_empty() || self.followed.contains(name)
    }

    fn enter_epoch(&mut self, epoch: (String, u64), now: Instant) {
        if self.epoch.as_ref() == Some(&epoch) {
            return;
        }
        self.epoch = Some(epoch);
        self.counters.epochs += 1;
        let positions = std::mem::take(&mut self.positions);
        self.changes.extend(positions.into_keys().map(Change::Position));
        let accounts = std::mem::take(&mut self.accounts);
        self.changes.extend(accounts.into_keys().map(Change::Account));
        self.silent_at = now + self.silence;
        let scopes = self.scopes.clone();
        self.end_asks(|scope, _| !scopes.contains(scope));
        for scope in &scopes {
            match self.asks.get_mut(scope) {
                Some(ask) if ask.topic.is_some() => {
                    ask.count = 1; // the new bridge received it when we connected
                    ask.due = now + ask.pause();
                }
                _ => self.want(scope, now),
            }
        }
    }

    /// Whether the message is new.
    fn follow_sequence(&mut self, of: &AccountWord, now: Instant) -> bool {
        if !self.is_followed(&of.account) {
            return false;
        }
        let account = self.accounts.entry(of.account.clone()).or_default();
        let known = account.sequence;
        if known.map_or(false, |known| of.sequence <= known) {
            return false;
        }
        account.sequence = Some(of.sequence);
        if known.map_or(false, |known| of.sequence > known + 1) {
            self.lose(&of.account, now);
        }
        true
    }

    fn lose(&mut self, name: &str, now: Instant) {
        self.counters.gaps += 1;
        self.distrust(name);
        self.want(name, now);
    }

    fn distrust(&mut self, name: &str) {
        if let Some(account) = self.accounts.get_mut(name) {
            account.is_current = false;
        }
        self.changes.insert(Change::Account(name.into()));
        self.mark_stale(name);
    }

    fn distrust_everything(&mut self, now: Instant) {
        if !self.is_silent {
            self.counters.stale += 1;
        }
        self.is_silent = true;
        for name in self.accounts.keys().cloned().collect::<Vec<_>>() {
            self.distrust(&name);
        }
        for scope in self.scopes.clone() {
            self.want(&scope, now);
        }
    }

    fn mark_stale(&mut self, name: &str) {
        for (key, position) in self.positions.iter_mut() {
            if key.account == name && position["state"] != "stale" {
                position.insert("state".into(), "stale".into());
                self.changes.insert(Change::Position(key.clone()));
            }
        }
    }

    // --- requests --------------------------------------------------------------------------------

    fn scope_of(&self, topic: &str) -> Option<String> {
        let found = self.asks.iter().find(|(_, ask)| ask.topic.as_deref() == Some(topic));
        found.map(|(scope, _)| scope.clone())
    }

    fn want(&mut self, scope: &str, now: Instant) {
        if !self.asks.contains_key(scope) && !self.asks.contains_key("all") {
            let due = now + FIRST_ASK_WITHIN.mul_f64(uniform());
            self.asks.insert(scope.into(), Ask::new(due));
        }
    }

    /// The messages of an answer are consecutive: any other message ends it.
    fn end_asks(&mut self, is_over: impl Fn(&String, &Ask) -> bool) {
        let subscriptions = &mut self.subscriptions;
        self.asks.retain(|scope, ask| {
            let is_over = is_over(scope, ask);
            if is_over {
                subscriptions.extend(ask.topic.take().map(|topic| (false, topic)));
            }
            !is_over
        });
    }
}

/// The standard library seeds its hashes randomly, from the system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn uniform() -> f64 {
    (random() >> 11) as f64 / (1u64 << 53) as f64
}

// --- messages from bytes -------------------------------------------------------------------------

struct Message {
    instance: String,
    epoch: u64,
    body: Body,
}

/// The part of a message about an account.
struct AccountWord {
    account: String,
    state: String,
    sequence: u64,
}

enum Body {
    Update(AccountWord, Position),
    Status(AccountWord),
    Heartbeat(BTreeMap<String, u64>),
    Snapshot { of: AccountWord, part: u64, parts: u64, positions: Option<Vec<Position>> },
    Shutdown,
}

/// None: it does not follow the protocol.
fn decode(topic: &str, payload: &[u8]) -> Option<Message> {
    let mut rest = payload;
    let value: Value = rmp_serde::from_read(&mut rest).ok()?;
    let fields = match value {
        Value::Object(fields) if rest.is_empty() => fields,
        _ => return None,
    };
    let kind = text(&fields, "type")?;
    let prefix = if kind == "position.snapshot" { "snapshot." } else { kind.as_str() };
    if number(&fields, "v")? != 1 || !topic.starts_with(prefix) {
        return None;
    }
    let (instance, epoch) = (text(&fields, "instance")?, number(&fields, "epoch")?);
    Some(Message { instance, epoch, body: body(&kind, fields)? })
}

fn body(kind: &str, fields: Position) -> Option<Body> {
    Some(match kind {
        "position.update" if is_position(&fields) => Body::Update(account_word(&fields)?, fields),
        "account.status" => Body::Status(account_word(&fields)?),
        "bridge.heartbeat" => {
            let accounts = fields.get("accounts")?.as_object()?;
            let sequence = |name: &String| Some((name.clone(), number(accounts, name)?));
            Body::Heartbeat(accounts.keys().map(sequence).collect::<Option<_>>()?)
        }
        "position.snapshot" => Body::Snapshot {
            of: account_word(&fields)?,
            part: number(&fields, "part")?,
            parts: number(&fields, "parts")?,
            positions: match fields.get("positions")? {
                Value::Null => None,
                list => Some(positions(list, fields.get("account")?)?),
            },
        },
        "bridge.shutdown" => Body::Shutdown,
        _ => return None,
    })
}

fn positions(list: &Value, account: &Value) -> Option<Vec<Position>> {
    let position = |value: &Value| {
        let fields = value.as_object()?;
        (is_position(fields) && fields.get("account") == Some(account)).then(|| fields.clone())
    };
    list.as_array()?.iter().map(position).collect()
}

fn account_word(fields: &Position) -> Option<AccountWord> {
    Some(AccountWord {
        account: text(fields, "account")?,
        state: text(fields, "state")?,
        sequence: number(fields, "account_seq")?,
    })
}

fn is_position(fields: &Position) -> bool {
    ["account", "symbol", "position_side", "side", "size", "state"]
        .iter()
        .all(|key| fields.get(*key).map_or(false, Value::is_string))
}

fn text(fields: &Position, key: &str) -> Option<String> {
    fields.get(key)?.as_str().map(str::to_string)
}

fn number(fields: &Position, key: &str) -> Option<u64> {
    fields.get(key)?.as_u64()
}
