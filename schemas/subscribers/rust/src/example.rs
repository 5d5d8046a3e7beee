//! Prints the positions of a bridge as they change.
//!
//! usage: example [--json] ENDPOINT [ACCOUNT,...|all] [HEARTBEAT_INTERVAL_MS]
//!
//! With an encrypted bus, CURVE_SERVER_KEY, CURVE_PUBLIC_KEY and CURVE_SECRET_KEY are in the
//! environment. With --json, the complete state as one line, ten times per second.

use position_subscriber::{Book, Change, Curve, Options, Subscriber};
use serde_json::{json, Value};
use std::env;
use std::error::Error;
use std::time::{Duration, Instant};

const JSON_INTERVAL: Duration = Duration::from_millis(100);

fn print_json(book: &Book) {
    let positions: Vec<_> = book.positions.values().collect();
    let accounts: serde_json::Map<String, Value> = book
        .accounts
        .iter()
        .map(|(name, account)| {
            (name.clone(), json!({"state": account.state, "is_current": account.is_current}))
        })
        .collect();
    let counters = &book.counters;
    let line = json!({"positions": positions, "accounts": accounts, "counters": {
        "gaps": counters.gaps, "snapshots": counters.snapshots, "epochs": counters.epochs,
        "stale": counters.stale, "rejected": counters.rejected}});
    println!("{line}");
}

fn print_change(book: &Book, change: &Change) {
    match change {
        Change::Account(name) => {
            if let Some(account) = book.accounts.get(name) {
                let complete = if account.is_current { "complete" } else { "incomplete" };
                println!("{name}: {}, {complete}", account.state);
            }
        }
        Change::Position(key) => {
            let what = match book.positions.get(key) {
                None => "closed".to_string(),
                Some(position) => format!(
                    "{} {} at {} ({})",
                    position["side"],
                    position["size"],
                    position.get("mark_price").unwrap_or(&Value::Null),
                    position["state"]
                ),
            };
            println!("{} {} {} {what}", key.account, key.symbol, key.position_side);
        }
    }
}

fn keys_from_environment() -> Option<Curve> {
    Some(Curve {
        server_key: env::var("CURVE_SERVER_KEY").ok()?,
        public_key: env::var("CURVE_PUBLIC_KEY").ok()?,
        secret_key: env::var("CURVE_SECRET_KEY").ok()?,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1).peekable();
    let is_json = arguments.next_if(|argument| argument == "--json").is_some();
    let endpoint = arguments.next().ok_or("which endpoint?")?;
    let mut options = Options { curve: keys_from_environment(), ..Options::default() };
    match arguments.next() {
        Some(names) if names != "all" => {
            options.accounts = names.split(',').map(str::to_string).collect()
        }
        _ => {}
    }
    if let Some(milliseconds) = arguments.next() {
        options.heartbeat_interval = Duration::from_millis(milliseconds.parse()?);
    }
    let mut subscriber = Subscriber::connect(&endpoint, options)?;
    let mut next_line = Instant::now();
    loop {
        let changes = subscriber.poll(JSON_INTERVAL)?;
        if !is_json {
            changes.iter().for_each(|change| print_change(subscriber.book(), change));
        } else if Instant::now() >= next_line {
            print_json(subscriber.book());
            next_line = Instant::now() + JSON_INTERVAL;
        }
    }
}
