//! The joined phase: one task that reads commands and writes frames, neither waiting for the other.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use otvet_actors::outbox::{Next, Outbox};
use otvet_actors::{Connection, Introduction};
use otvet_engine::clock::Timestamp;
use otvet_engine::protocol::{
    Answer, Answered, ClientFrame, CloseCode, Code, Command, CommandId, DecodeError, Failed, Format, Refusal,
    ServerFrame, decode, encode,
};
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::edge::Edge;
use crate::metrics::{End, seconds};

use super::latency::Latency;
use super::rate::Rate;
use super::socket::{Batch, LAST_WORDS, Socket, judge};

/// Joins, and pumps until one side says goodbye.
///
/// What lasts only until it has joined is no part of the future, in which it would keep its room.
#[expect(clippy::boxed_local, reason = "unpacked by the caller it would be kept as long as the connection")]
pub fn run<'a>(
    edge: &'a Edge,
    socket: &'a mut Socket,
    introduction: Box<Introduction>,
) -> impl Future<Output = End> + use<'a> {
    let mut reader = Reader::new(edge, edge.house.join(*introduction), socket.format());
    let mut writer = Writer::new(edge);
    async move {
        let mut timer = std::pin::pin!(sleep_until(writer.next_ping));
        std::future::poll_fn(|cx| pump(cx, socket, &mut reader, &mut writer, timer.as_mut())).await
    }
}

fn pump(
    cx: &mut Context<'_>,
    socket: &mut Socket,
    reader: &mut Reader<'_>,
    writer: &mut Writer<'_>,
    mut timer: Pin<&mut Sleep>,
) -> Poll<End> {
    while timer.as_mut().poll(cx).is_ready() {
        let now = Instant::now();
        writer.heartbeat(now);
        // One timer for both: most frames come long before, and move nothing.
        let overdue = reader.check_silence(now);
        timer.as_mut().reset(overdue.map_or(writer.next_ping, |at| at.min(writer.next_ping)));
    }
    // Each read is answered by a write before the next: neither side starves.
    loop {
        let read = reader.poll(cx, socket);
        if let Poll::Ready(Some(end)) = read {
            return Poll::Ready(end);
        }
        if let Poll::Ready(end) = writer.poll(cx, socket, reader.connection.outbox(), &mut reader.latency) {
            return Poll::Ready(end);
        }
        if read.is_pending() {
            return Poll::Pending;
        }
    }
}

/// How often the other side is asked for a sign of life.
fn heartbeat(edge: &Edge) -> Duration {
    Duration::from_secs(edge.settings.limits.heartbeat_s)
}

struct Writer<'a> {
    edge: &'a Edge,
    next_ping: Instant,
    ping_is_due: bool,
    batch: Batch,
    /// The frames and bytes of the batch that is being written, and since when.
    writing: Option<(usize, usize, Instant)>,
    /// Runs while a write keeps a connection that is to be closed.
    last_words: Option<Pin<Box<Sleep>>>,
}

impl<'a> Writer<'a> {
    fn new(edge: &'a Edge) -> Self {
        Self {
            edge,
            next_ping: Instant::now() + heartbeat(edge),
            ping_is_due: false,
            batch: Batch::default(),
            writing: None,
            last_words: None,
        }
    }

    fn heartbeat(&mut self, now: Instant) {
        if self.next_ping <= now {
            self.ping_is_due = true;
            self.next_ping = now + heartbeat(self.edge);
        }
    }

    /// Writes what there is. Ready when the outbox says with which code to close, or when the connection is gone.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        socket: &mut Socket,
        outbox: &Outbox,
        latency: &mut Latency,
    ) -> Poll<End> {
        loop {
            match socket.poll_write(cx, &mut self.batch) {
                Poll::Ready(Ok(())) => self.written(outbox, latency),
                Poll::Ready(Err(_)) => return Poll::Ready(End::Broken),
                Poll::Pending => return self.stuck(cx, outbox),
            }
            match outbox.poll_next(cx, &mut self.batch.frames) {
                Poll::Ready(Next::Frames) => {
                    let bytes = self.batch.frames.iter().map(Bytes::len).sum();
                    self.writing = Some((self.batch.frames.len(), bytes, Instant::now()));
                }
                Poll::Ready(Next::Close(code)) => return Poll::Ready(End::Closed(code)),
                Poll::Pending if std::mem::take(&mut self.ping_is_due) => socket.ping(),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// All that was begun is written.
    fn written(&mut self, outbox: &Outbox, latency: &mut Latency) {
        self.last_words = None;
        let Some((count, bytes, started)) = self.writing.take() else { return };
        let now = Instant::now();
        let metrics = &self.edge.metrics;
        metrics.frames_out.inc_by(count as u64);
        metrics.bytes_out.inc_by(bytes as u64);
        metrics.written.observe(seconds(now - started));
        latency.flushed(outbox.unanswered(), now, &metrics.answered);
    }

    /// A write that waits ends with the connection: at once for a slow reader, whose queue is dropped anyway; for any other
    /// goodbye it may take its last words' time.
    fn stuck(&mut self, cx: &mut Context<'_>, outbox: &Outbox) -> Poll<End> {
        let Poll::Ready(code) = outbox.poll_closing(cx) else { return Poll::Pending };
        if code == CloseCode::SlowReader {
            return Poll::Ready(End::Closed(code));
        }
        let waiting = self.last_words.get_or_insert_with(|| Box::pin(sleep(LAST_WORDS)));
        waiting.as_mut().poll(cx).map(|()| End::Closed(code))
    }
}

struct Reader<'a> {
    edge: &'a Edge,
    /// Leaves the house with the reader: from then on nobody writes to this connection.
    connection: Connection,
    latency: Latency,
    format: Format,
    rate: Rate,
    heard: Instant,
    /// Nothing more is read from somebody who has to leave.
    is_over: bool,
    /// Answers that need no actor: of one read, handed to the outbox together.
    answers: Vec<Bytes>,
}

/// When a frame came in: all that one read brought came at once, since looking at the clock costs as much as a small frame.
#[derive(Clone, Copy)]
struct Moment {
    started: Instant,
    now: Timestamp,
    is_first: bool,
}

impl<'a> Reader<'a> {
    fn new(edge: &'a Edge, connection: Connection, format: Format) -> Self {
        let limits = &edge.settings.limits;
        Self {
            edge,
            connection,
            latency: Latency::default(),
            format,
            rate: Rate::new(limits.commands_per_second, limits.burst),
            heard: Instant::now(),
            is_over: false,
            answers: Vec::new(),
        }
    }

    /// Lets go somebody who has not been heard of for too long; when to look again, if at all.
    fn check_silence(&mut self, now: Instant) -> Option<Instant> {
        let overdue = self.heard + heartbeat(self.edge) * 2;
        if !self.is_over && overdue <= now {
            self.let_go(CloseCode::Silent);
        }
        (!self.is_over).then_some(overdue)
    }

    fn let_go(&mut self, code: CloseCode) {
        self.is_over = true;
        self.connection.outbox().close(code);
    }

    /// Reads once and takes in the commands that have come. Pending when there is nothing to read; an end when the client has
    /// left. A client that has to leave is told so by the outbox.
    fn poll(&mut self, cx: &mut Context<'_>, socket: &mut Socket) -> Poll<Option<End>> {
        if self.is_over {
            return Poll::Pending;
        }
        let mut heard = None;
        let read = socket.poll_receive(cx, |message| {
            let is_first = heard.is_none();
            let (started, now) = *heard.get_or_insert_with(|| (Instant::now(), self.edge.clock.now()));
            let taken = self.message(message, Moment { started, now, is_first });
            taken.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        });
        if let Some((started, _)) = heard {
            self.heard = started;
        }
        self.connection.outbox().append(&mut self.answers);
        let end = match read {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(ControlFlow::Continue(()))) => return Poll::Ready(None),
            Poll::Ready(Ok(ControlFlow::Break(code))) => End::Closed(code),
            Poll::Ready(Err(error)) => judge(&error),
        };
        match end {
            End::Closed(code) => {
                self.let_go(code);
                Poll::Ready(None)
            }
            end => Poll::Ready(Some(end)),
        }
    }

    fn message(&mut self, message: Message, moment: Moment) -> Result<(), CloseCode> {
        match message {
            Message::Text(text) if self.format == Format::Json => self.take(text.as_bytes(), moment),
            Message::Binary(bytes) if self.format == Format::MessagePack => self.take(&bytes, moment),
            Message::Text(_) | Message::Binary(_) => Err(CloseCode::BadFrames),
            // Pings are answered, and a close is, when what was read is at its end.
            _ => Ok(()),
        }
    }

    /// One frame: exactly one answer if it bears an id, or the end.
    fn take(&mut self, bytes: &[u8], moment: Moment) -> Result<(), CloseCode> {
        let metrics = &self.edge.metrics;
        let decoded = decode(self.format, bytes);
        if moment.is_first {
            metrics.decoded.observe(seconds(moment.started.elapsed()));
        }
        let (id, command) = match decoded {
            Ok(ClientFrame { id, command }) => {
                metrics.command(&command);
                (id, Ok(command))
            }
            Err(DecodeError::Refused { id, refusal }) => (id, Err(refusal)),
            Err(DecodeError::Malformed(_)) => return Err(CloseCode::BadFrames),
        };
        // `typing` without an id is a command without an answer; a command that lacks its id is told so.
        let has_answer = id.is_some() || command.is_err();
        // What is refused for its content costs as much as what is not.
        let outcome = match self.rate.admit(moment.now).and(command) {
            Ok(command) => self.carry_out(id, command, moment.started),
            Err(refusal) => Err((id, refusal)),
        };
        let Err((id, refusal)) = outcome else { return Ok(()) };
        if refusal.code == Code::RateLimited {
            metrics.throttled.inc();
            if self.rate.is_abused(moment.now) {
                return Err(CloseCode::TooManyCommands);
            }
        }
        if has_answer {
            self.answer(&ServerFrame::Failed(Failed::new(id, refusal)));
        }
        Ok(())
    }

    fn answer(&mut self, frame: &ServerFrame) {
        self.answers.push(encode(self.format, frame));
    }

    /// A refusal comes with the id that its answer bears.
    fn carry_out(
        &mut self,
        id: Option<CommandId>,
        command: Command,
        started: Instant,
    ) -> Result<(), (Option<CommandId>, Refusal)> {
        match (command, id) {
            (Command::Hello(_), id) => {
                let text = "`hello` was said already; open another connection";
                Err((id, Refusal::new(Code::Invalid, text)))
            }
            (Command::Ping, Some(id)) => {
                self.answer(&ServerFrame::Answered(Answered { id, answer: Answer::Done {} }));
                Ok(())
            }
            (command, id) => {
                let has_answer = !matches!(command, Command::Typing(_));
                self.connection.submit(id.clone(), command).map_err(|refusal| (id, refusal))?;
                if has_answer {
                    self.latency.submitted(started);
                }
                Ok(())
            }
        }
    }
}
