//! How often a login or a registration may be tried: buckets that refill slowly, in memory.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::client::Client;

/// The most buckets kept; full ones are forgotten first.
const MOST_BUCKETS: usize = 10_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    /// Keeps one client from guessing one account's password, and nobody else out.
    Account(Client, String),
    /// Keeps one client from trying many accounts.
    Client(Client),
    /// Keeps many clients from guessing one account's password together.
    Name(String),
}

impl Key {
    /// How many tries fit in, and how long one takes to come back.
    fn allowance(&self) -> (f64, Duration) {
        match self {
            Key::Account(..) => (5.0, Duration::from_secs(60)),
            Key::Client(_) => (20.0, Duration::from_secs(15)),
            Key::Name(_) => (50.0, Duration::from_secs(30)),
        }
    }
}

struct Bucket {
    tries: f64,
    at: Instant,
}

#[derive(Default)]
pub struct Throttle(Mutex<HashMap<Key, Bucket>>);

/// A try that was allowed; if it succeeds it is given back.
pub struct Try(Vec<Key>);

impl Throttle {
    pub fn login(&self, client: Client, name: &str, now: Instant) -> Result<Try, Duration> {
        let (client, name) = (client.subscriber(), name.to_lowercase());
        self.take(vec![Key::Account(client, name.clone()), Key::Client(client), Key::Name(name)], now)
    }

    pub fn registration(&self, client: Client, now: Instant) -> Result<Try, Duration> {
        self.take(vec![Key::Client(client.subscriber())], now)
    }

    pub fn succeeded(&self, tried: Try, now: Instant) {
        let mut buckets = self.lock();
        for key in tried.0 {
            let most = key.allowance().0;
            if let Some(bucket) = buckets.get_mut(&key) {
                *bucket = Bucket { tries: (refilled(&key, bucket, now) + 1.0).min(most), at: now };
            }
        }
    }

    /// One try from each bucket, or from none and how long to wait.
    fn take(&self, keys: Vec<Key>, now: Instant) -> Result<Try, Duration> {
        let mut buckets = self.lock();
        let left = |key: &Key| buckets.get(key).map_or(key.allowance().0, |bucket| refilled(key, bucket, now));
        let wait = keys.iter().map(|key| key.allowance().1.mul_f64((1.0 - left(key)).max(0.0))).max();
        match wait {
            Some(wait) if !wait.is_zero() => return Err(wait),
            _ => {}
        }
        let taken: Vec<_> = keys.iter().map(|key| (key.clone(), left(key) - 1.0)).collect();
        make_room(&mut buckets, now);
        buckets.extend(taken.into_iter().map(|(key, tries)| (key, Bucket { tries, at: now })));
        Ok(Try(keys))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, Bucket>> {
        // Counts are whole after each step, so one that a panic left behind is good.
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn refilled(key: &Key, bucket: &Bucket, now: Instant) -> f64 {
    let (most, each) = key.allowance();
    let back = now.saturating_duration_since(bucket.at).as_secs_f64() / each.as_secs_f64();
    (bucket.tries + back).min(most)
}

fn make_room(buckets: &mut HashMap<Key, Bucket>, now: Instant) {
    if buckets.len() < MOST_BUCKETS {
        return;
    }
    buckets.retain(|key, bucket| refilled(key, bucket, now) < key.allowance().0);
    if buckets.len() >= MOST_BUCKETS {
        let mut ages: Vec<_> = buckets.values().map(|bucket| bucket.at).collect();
        let (_, median, _) = ages.select_nth_unstable(MOST_BUCKETS / 2);
        let median = *median;
        buckets.retain(|_, bucket| bucket.at > median);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> Client {
        Client(text.parse().unwrap())
    }

    #[test]
    fn the_sixth_guess_waits_and_time_brings_tries_back() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for _ in 0..5 {
            assert!(throttle.login(client("10.0.0.1"), "ann", start).is_ok());
        }
        let wait = throttle.login(client("10.0.0.1"), "Ann", start).err().unwrap();
        assert!(wait > Duration::from_secs(55) && wait <= Duration::from_secs(60), "{wait:?}");
        assert!(throttle.login(client("10.0.0.1"), "bob", start).is_ok(), "another account");
        assert!(throttle.login(client("10.0.0.2"), "ann", start).is_ok(), "another client");
        assert!(throttle.login(client("10.0.0.1"), "ann", start + Duration::from_secs(61)).is_ok());
    }

    #[test]
    fn success_gives_the_try_back() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..100 {
            let tried = throttle.login(client("10.0.0.1"), "ann", now).ok().unwrap();
            throttle.succeeded(tried, now);
        }
    }

    #[test]
    fn one_client_cannot_try_many_accounts() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let allowed = (0..100).filter(|n| throttle.login(client("10.0.0.1"), &n.to_string(), now).is_ok()).count();
        assert_eq!(allowed, 20);
        assert!(throttle.registration(client("10.0.0.1"), now).is_err());
    }

    #[test]
    fn memory_is_bounded() {
        let (throttle, start) = (Throttle::default(), Instant::now());
        for n in 0..20_000u32 {
            let now = start + Duration::from_millis(n.into());
            let _ = throttle.registration(Client(std::net::Ipv4Addr::from_bits(n).into()), now);
        }
        assert!(throttle.0.lock().unwrap().len() <= MOST_BUCKETS);
    }
}
