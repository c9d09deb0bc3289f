//! The joined phase: one task that reads commands and writes frames, neither waiting for the other.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use otvet_actors::outbox::{Next, Outbox};
use otvet_actors::{Connection, Introduction};
use otvet_engine::protocol::{
    Answer, Answered, CloseCode, Code, Command, CommandId, DecodeError, Failed, Format, Refusal, ServerFrame,
    decode,
};
use tokio::net::TcpStream;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::edge::Edge;
use crate::metrics::{End, seconds};

use super::latency::Latency;
use super::rate::Rate;
use super::socket::{LAST_WORDS, Socket, close_message, judge, linger, message};

type Sink = SplitSink<WebSocketStream<TcpStream>, Message>;
type Stream = SplitStream<WebSocketStream<TcpStream>>;

/// Joins, and pumps until one side says goodbye.
pub async fn run(edge: &Edge, socket: Socket, introduction: Introduction) -> End {
    let outbox = introduction.outbox.clone();
    let heartbeat = Duration::from_secs(edge.settings.limits.heartbeat_s);
    let Socket { stream, format } = socket;
    let (mut sink, mut stream) = stream.split();
    let latency = Latency::default();
    let connection = edge.house.join(introduction);

    let end = {
        let writer = Writer { edge, outbox: &outbox, latency: &latency, format, heartbeat };
        let reader = Reader {
            edge,
            connection: &connection,
            outbox: &outbox,
            latency: &latency,
            format,
            silence: heartbeat * 2,
        };
        let mut writing = std::pin::pin!(writer.run(&mut sink));
        tokio::select! {
            end = &mut writing => end,
            end = reader.run(&mut stream) => match end {
                End::Closed(code) => {
                    outbox.close(code);
                    writing.await
                }
                end => end,
            },
        }
    };
    // Leaves the house: from here on nobody writes to this connection.
    drop(connection);
    if let End::Closed(code) = end
        && matches!(timeout(LAST_WORDS, sink.send(close_message(code))).await, Ok(Ok(())))
        && let Ok(whole) = sink.reunite(stream)
    {
        linger(whole.into_inner()).await;
    }
    end
}

struct Writer<'a> {
    edge: &'a Edge,
    outbox: &'a Outbox,
    latency: &'a Latency,
    format: Format,
    heartbeat: Duration,
}

impl Writer<'_> {
    /// Writes what comes, until the outbox says with which code to close, or the connection is gone.
    async fn run(&self, sink: &mut Sink) -> End {
        let mut pings = interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut frames = Vec::new();
        loop {
            let written = tokio::select! {
                biased;
                next = self.outbox.next(&mut frames) => match next {
                    Next::Frames => self.write(sink, &mut frames).await,
                    Next::Close(code) => return End::Closed(code),
                },
                _ = pings.tick() => self.unless_closing(sink.send(Message::Ping(Bytes::new()))).await,
            };
            match written {
                Ok(()) => {}
                Err(Stuck::Closing(code)) => return End::Closed(code),
                Err(Stuck::Gone) => return End::Broken,
            }
        }
    }

    /// All frames, then one flush: a flush is a system call, and a frame is not worth one.
    async fn write(&self, sink: &mut Sink, frames: &mut Vec<Bytes>) -> Result<(), Stuck> {
        let started = Instant::now();
        let (count, bytes) = (frames.len(), frames.iter().map(Bytes::len).sum::<usize>());
        self.unless_closing(async {
            for frame in frames.drain(..) {
                sink.feed(message(self.format, frame)).await?;
            }
            sink.flush().await
        })
        .await?;
        let metrics = &self.edge.metrics;
        metrics.frames_out.inc_by(count as u64);
        metrics.bytes_out.inc_by(bytes as u64);
        metrics.written.observe(seconds(started.elapsed()));
        self.latency.flushed(self.outbox.unanswered(), &metrics.answered);
        Ok(())
    }

    /// A write that ends with the connection: at once for a slow reader, whose queue is dropped anyway; for any other
    /// goodbye it may take its last words' time.
    async fn unless_closing(&self, write: impl Future<Output = Result<(), Error>>) -> Result<(), Stuck> {
        let mut write = std::pin::pin!(write);
        let code = tokio::select! {
            biased;
            written = &mut write => return written.map_err(|_| Stuck::Gone),
            code = self.outbox.closing() => code,
        };
        if code == CloseCode::SlowReader {
            return Err(Stuck::Closing(code));
        }
        match timeout(LAST_WORDS, write).await {
            Ok(written) => written.map_err(|_| Stuck::Gone),
            Err(_) => Err(Stuck::Closing(code)),
        }
    }
}

/// Why a write did not end.
enum Stuck {
    /// The connection is to be closed.
    Closing(CloseCode),
    /// There is nobody to write to.
    Gone,
}

struct Reader<'a> {
    edge: &'a Edge,
    connection: &'a Connection,
    outbox: &'a Outbox,
    latency: &'a Latency,
    format: Format,
    silence: Duration,
}

impl Reader<'_> {
    /// Takes commands in, until the client leaves or has to.
    async fn run(&self, stream: &mut Stream) -> End {
        let limits = &self.edge.settings.limits;
        let mut rate = Rate::new(limits.commands_per_second, limits.burst);
        let mut heard = Instant::now();
        // One timer, moved only when it fires: most frames come long before.
        let mut silence = std::pin::pin!(sleep_until(heard + self.silence));
        loop {
            let message = tokio::select! {
                biased;
                message = stream.next() => message,
                () = &mut silence => {
                    let deadline = heard + self.silence;
                    if deadline <= Instant::now() {
                        return End::Closed(CloseCode::Silent);
                    }
                    silence.as_mut().reset(deadline);
                    continue;
                }
            };
            heard = Instant::now();
            let taken = match message {
                Some(Ok(Message::Text(text))) if self.format == Format::Json => {
                    self.take(text.as_bytes(), &mut rate)
                }
                Some(Ok(Message::Binary(bytes))) if self.format == Format::MessagePack => {
                    self.take(&bytes, &mut rate)
                }
                Some(Ok(Message::Text(_) | Message::Binary(_))) => Err(CloseCode::BadFrames),
                // Pings are answered, and a close is, by the next read.
                Some(Ok(_)) => Ok(()),
                Some(Err(error)) => return judge(&error),
                None => return End::ByPeer,
            };
            if let Err(code) = taken {
                return End::Closed(code);
            }
        }
    }

    /// One frame: exactly one answer if it bears an id, or the end.
    fn take(&self, bytes: &[u8], rate: &mut Rate) -> Result<(), CloseCode> {
        let metrics = &self.edge.metrics;
        let started = Instant::now();
        let decoded = decode(self.format, bytes);
        metrics.decoded.observe(seconds(started.elapsed()));
        // `typing` without an id is a command without an answer; a command that lacks its id is told so.
        let (id, command, answered) = match decoded {
            Ok(frame) => (frame.id.clone(), Ok(frame.command), frame.id.is_some()),
            Err(DecodeError::Refused { id, refusal }) => (id, Err(refusal), true),
            Err(DecodeError::Malformed(_)) => return Err(CloseCode::BadFrames),
        };
        if let Ok(command) = &command {
            metrics.command(command);
        }
        let now = self.edge.clock.now();
        // What is refused for its content costs as much as what is not.
        let outcome =
            rate.admit(now).and(command).and_then(|command| self.carry_out(id.clone(), command, started));
        let Err(refusal) = outcome else { return Ok(()) };
        if refusal.code == Code::RateLimited {
            metrics.throttled.inc();
            if rate.is_abused(now) {
                return Err(CloseCode::TooManyCommands);
            }
        }
        if answered {
            self.outbox.push(&ServerFrame::Failed(Failed::new(id, refusal)));
        }
        Ok(())
    }

    fn carry_out(&self, id: Option<CommandId>, command: Command, started: Instant) -> Result<(), Refusal> {
        match (command, id) {
            (Command::Hello(_), _) => {
                Err(Refusal::new(Code::Invalid, "`hello` was said already; open another connection"))
            }
            (Command::Ping, Some(id)) => {
                self.outbox.push(&ServerFrame::Answered(Answered { id, answer: Answer::Done {} }));
                Ok(())
            }
            (command, id) => {
                let has_answer = !matches!(command, Command::Typing(_));
                self.connection.submit(id, command)?;
                if has_answer {
                    self.latency.submitted(started);
                }
                Ok(())
            }
        }
    }
}
