//! Appends, gathered while others are under way and sent together: a command to Redis costs far more than an entry.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use fred::types::{Key, Value};
use futures_util::future::{FutureExt, join_all};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::heads::Heads;
use super::link::{Failure, InFlight, Lane, Link};
use super::script::{Script, Texts, keys};
use super::{Bounds, array};
use crate::ids::StreamName;
use crate::tail::{TailEntry, TailError};

/// Batches under way at once: while Redis works on one, the next is made.
const BATCHES: usize = 2;
/// Entries of a batch. Redis does nothing else meanwhile.
const BATCH_ENTRIES: usize = 128;
/// Bytes of a batch, as far as its first append does not have more.
const BATCH_BYTES: usize = 256 * 1024;
/// Bytes of the texts that an entry needs besides its event: its stream's key, its id, its time.
const TEXTS_OF_AN_ENTRY: usize = 128;

static APPEND: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("append.lua")));
static CONTINUE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("continue.lua")));

/// Who appends. What is asked for while nothing is under way goes out at once.
#[derive(Debug)]
pub(super) struct Appender {
    link: Arc<Link>,
    bounds: Bounds,
    /// Whether one script may touch many streams: not in a cluster, where they live on many nodes.
    together: bool,
    queue: Mutex<Queue>,
    /// Held from taking a batch out of the queue until it is with the client.
    turn: Mutex<()>,
    heads: Mutex<Heads>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Bounded by what may be in flight at all.
    waiting: VecDeque<Append>,
    /// Tasks that send batches.
    senders: usize,
}

/// One caller's entries.
#[derive(Debug)]
struct Append {
    stream: StreamName,
    epoch: u64,
    entries: Vec<TailEntry>,
    reply: oneshot::Sender<Result<(), TailError>>,
    /// Until it is answered, also when its caller has gone.
    _in_flight: InFlight,
}

impl Append {
    fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.event.len() + TEXTS_OF_AN_ENTRY).sum()
    }

    fn first(&self) -> u64 {
        self.entries.first().map_or(0, |entry| entry.seq)
    }

    fn last(&self) -> u64 {
        self.entries.last().map_or(0, |entry| entry.seq)
    }

    fn answer(self, answer: Result<(), TailError>) {
        // Whoever asked may have stopped waiting.
        let _ = self.reply.send(answer);
    }
}

impl Appender {
    pub fn new(link: Arc<Link>, bounds: Bounds, together: bool) -> Self {
        let heads = Mutex::new(Heads::new(bounds.idle_expire));
        Self { link, bounds, together, queue: Mutex::default(), turn: Mutex::default(), heads }
    }

    /// Appends entries, of which there is at least one.
    pub async fn append(
        self: &Arc<Self>,
        stream: &StreamName,
        epoch: u64,
        entries: &[TailEntry],
    ) -> Result<(), TailError> {
        let in_flight = self.link.enter().map_err(|failure| self.link.failed(failure))?;
        self.link.ask_only_who_answers(Lane::Write).map_err(|failure| self.link.failed(failure))?;
        let (reply, answer) = oneshot::channel();
        let append =
            Append { stream: *stream, epoch, entries: entries.to_vec(), reply, _in_flight: in_flight };
        if self.enqueue(append) {
            // A task of its own: whoever asks may be cancelled, and others wait for the same batch.
            tokio::spawn(Sender { appender: Arc::clone(self), counted: true }.run());
        }
        let given_up = |_| Err(TailError::Unreachable("the append was given up".to_owned()));
        answer.await.unwrap_or_else(given_up)
    }

    /// Nothing is known of a stream any more: somebody does with it what is no append.
    pub fn forget(&self, stream: &StreamName) {
        self.heads.lock().forget(stream);
    }

    /// Whether another task is needed to send it.
    fn enqueue(&self, append: Append) -> bool {
        let mut queue = self.queue.lock();
        queue.waiting.push_back(append);
        let needed = queue.senders < BATCHES;
        queue.senders += usize::from(needed);
        needed
    }

    async fn send(&self, batch: Vec<Append>) {
        let now = Instant::now();
        let (known, unknown): (Vec<_>, Vec<_>) = {
            let heads = self.heads.lock();
            // Who has stopped waiting need not be answered.
            let wanted = batch.into_iter().filter(|append| !append.reply.is_closed());
            wanted.partition(|append| heads.is_before(&append.stream, append.epoch, append.first(), now))
        };
        // What is known goes first. Of a stream that is asked for twice, only the first can be.
        tokio::join!(self.continue_all(known), self.append_each(unknown));
    }

    async fn continue_all(&self, appends: Vec<Append>) {
        if self.together {
            self.continue_together(appends).await;
        } else {
            join_all(appends.into_iter().map(|append| self.continue_together(vec![append]))).await;
        }
    }

    /// Appends to streams whose heads are known, with one command; where that was wrong, one by one.
    async fn continue_together(&self, appends: Vec<Append>) {
        if appends.is_empty() {
            return;
        }
        let input = || self.input(&appends);
        let answer = self.link.ask(Lane::Write, async |client| CONTINUE.run(client, input).await).await;
        let unknown = match answer {
            Ok(answer) => self.answer_continued(appends, answer),
            // All of it for the sake of one, perhaps: each by itself, then.
            Err(Failure::Refused(_)) => appends,
            Err(Failure::Unreachable(why)) => {
                for append in appends {
                    self.forget(&append.stream);
                    append.answer(Err(TailError::Unreachable(why.clone())));
                }
                return;
            }
        };
        self.append_each(unknown).await;
    }

    /// Answers who was appended; the others are left.
    fn answer_continued(&self, appends: Vec<Append>, answer: Value) -> Vec<Append> {
        // What is no list of places is no answer of ours: then nothing is known to be there.
        let places =
            array(answer).map(|places| places.iter().filter_map(Value::as_usize).collect::<Vec<_>>());
        let (mut unknown, mut before) = (Vec::new(), 0);
        for append in appends {
            let own = before + 1..=before + append.entries.len();
            before = *own.end();
            if places.as_ref().is_none_or(|places| places.iter().any(|place| own.contains(place))) {
                unknown.push(append);
            } else {
                self.heads.lock().continued(&append.stream, append.last());
                append.answer(Ok(()));
            }
        }
        unknown
    }

    async fn append_each(&self, appends: Vec<Append>) {
        join_all(appends.into_iter().map(|append| self.append_one(append))).await;
    }

    /// Appends to a stream of which nothing is known.
    async fn append_one(&self, append: Append) {
        let asked = Instant::now();
        let input = || (keys(&append.stream), self.bounds.arguments(append.epoch, &append.entries));
        let answer = self.link.ask(Lane::Write, async |client| APPEND.run(client, input).await).await;
        let answer = match answer.map(|answer| answer.as_u64()) {
            Ok(None) => Ok(()),
            Ok(Some(head)) => Err(TailError::OutOfOrder { head, first: append.first() }),
            Err(failure) => Err(self.link.failed(failure)),
        };
        let mut heads = self.heads.lock();
        match &answer {
            Ok(()) => heads.renewed(append.stream, append.epoch, append.last(), asked),
            Err(_) => heads.forget(&append.stream),
        }
        drop(heads);
        append.answer(answer);
    }

    /// What `continue.lua` takes.
    fn input(&self, appends: &[Append]) -> (Vec<Key>, Vec<Value>) {
        let count = appends.iter().map(|append| append.entries.len()).sum::<usize>();
        let (mut keys, mut arguments) = (Vec::with_capacity(count), Vec::with_capacity(1 + 3 * count));
        let mut texts = Texts::with_capacity((count + 1) * TEXTS_OF_AN_ENTRY);
        arguments.push(Value::Bytes(texts.text(format_args!("{}", self.bounds.keep))));
        for append in appends {
            let key = texts.text(format_args!("otvet:{{{}}}", append.stream));
            for entry in &append.entries {
                keys.push(Key::from(key.clone()));
                arguments.push(Value::Bytes(texts.text(format_args!("{}-{}", entry.seq, append.epoch))));
                arguments.push(Value::Bytes(texts.text(format_args!("{}", entry.at.millis()))));
                arguments.push(Value::Bytes(entry.event.clone()));
            }
        }
        (keys, arguments)
    }
}

impl Queue {
    /// What goes out next.
    fn next_batch(&mut self) -> Vec<Append> {
        let (mut entries, mut bytes, mut appends) = (0, 0, 0);
        for append in &self.waiting {
            entries += append.entries.len();
            bytes += append.bytes();
            if appends > 0 && (entries > BATCH_ENTRIES || bytes > BATCH_BYTES) {
                break;
            }
            appends += 1;
        }
        self.waiting.drain(..appends).collect()
    }
}

/// A task that sends one batch after the other while appends wait.
struct Sender {
    appender: Arc<Appender>,
    /// Whether the queue counts it.
    counted: bool,
}

impl Sender {
    async fn run(mut self) {
        let appender = Arc::clone(&self.appender);
        loop {
            // Whoever is ready to append asks first. When nobody is, this takes no time.
            tokio::task::yield_now().await;
            let sending = {
                let _turn = appender.turn.lock();
                let Some(batch) = self.next_batch() else { return };
                let mut sending = Box::pin(appender.send(batch));
                // The first poll hands everything to the client: what was asked for first is sent first.
                match sending.as_mut().now_or_never() {
                    Some(()) => continue,
                    None => sending,
                }
            };
            sending.await;
        }
    }

    /// What to send; without it, this sender ends.
    fn next_batch(&mut self) -> Option<Vec<Append>> {
        let mut queue = self.appender.queue.lock();
        let batch = queue.next_batch();
        if batch.is_empty() {
            // Under the same lock: whoever comes next finds that another one is needed.
            queue.senders -= 1;
            self.counted = false;
        }
        (!batch.is_empty()).then_some(batch)
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        // Only a panic, or the runtime's end.
        if self.counted {
            self.appender.queue.lock().senders -= 1;
        }
    }
}
