//! The ceiling of the socket edge: WebSocket frames cut and made by hand on bare TCP streams, and the client that both
//! sides are measured with.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A client's text frame, masked with zeros: the server has to unmask it all the same.
pub fn masked(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).expect("frames here are short").to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A server's text frame.
pub fn plain(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(u16::try_from(payload.len()).expect("frames here are short").to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// Cuts frames out of what a stream brings.
#[derive(Debug, Default)]
pub struct Cutter {
    bytes: Vec<u8>,
    from: usize,
}

impl Cutter {
    /// The next whole frame: its first byte, and its payload, unmasked.
    pub fn cut(&mut self) -> Option<(u8, &[u8])> {
        let rest = &self.bytes[self.from..];
        let (&first, &second) = (rest.first()?, rest.get(1)?);
        let (mut head, mut length) = (2, usize::from(second & 0x7f));
        if length == 126 {
            length = usize::from(u16::from_be_bytes([*rest.get(2)?, *rest.get(3)?]));
            head = 4;
        } else if length == 127 {
            let long: [u8; 8] = rest.get(2..10)?.try_into().ok()?;
            length = usize::try_from(u64::from_be_bytes(long)).ok()?;
            head = 10;
        }
        let mask = (second & 0x80 != 0).then(|| rest.get(head..head + 4).map(|m| [m[0], m[1], m[2], m[3]]));
        let mask = match mask {
            Some(None) => return None,
            Some(Some(mask)) => {
                head += 4;
                Some(mask)
            }
            None => None,
        };
        rest.get(head..head + length)?;
        let from = self.from + head;
        self.from = from + length;
        let payload = &mut self.bytes[from..from + length];
        if let Some(mask) = mask {
            payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        Some((first, payload))
    }

    /// Reads on; false at the end of the stream.
    pub async fn fill(&mut self, stream: &mut TcpStream) -> bool {
        self.bytes.drain(..self.from);
        self.from = 0;
        self.bytes.reserve(4096);
        stream.read_buf(&mut self.bytes).await.is_ok_and(|read| read > 0)
    }
}

/// A server that sends every frame back as it came, all that one read brought with one write.
///
/// # Panics
/// When there is no free port.
pub async fn echo_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let place = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let (mut cutter, mut out) = (Cutter::default(), Vec::new());
                while cutter.fill(&mut stream).await {
                    out.clear();
                    while let Some((_, payload)) = cutter.cut() {
                        out.extend(plain(payload));
                    }
                    if stream.write_all(&out).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    place
}

/// What a broadcast's connection is told once it is one of those who get everything.
const WELCOME: &[u8] = b"welcome";

/// A server that sends whatever frame anybody sends to everybody: a task for each connection, all that waits for it with
/// one write.
///
/// # Panics
/// When there is no free port.
pub async fn broadcast_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let place = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let everybody = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let (sender, mut waiting) = mpsc::unbounded_channel::<bytes::Bytes>();
            let _ = sender.send(plain(WELCOME).into());
            everybody.lock().push(sender);
            let everybody = std::sync::Arc::clone(&everybody);
            let (mut reading, mut writing) = stream.into_split();
            tokio::spawn(async move {
                let (mut frames, mut out) = (Vec::new(), Vec::new());
                while waiting.recv_many(&mut frames, 64).await > 0 {
                    out.clear();
                    frames.drain(..).for_each(|frame| out.extend_from_slice(&frame));
                    if writing.write_all(&out).await.is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move {
                let mut cutter = Cutter::default();
                loop {
                    cutter.bytes.drain(..cutter.from);
                    cutter.from = 0;
                    if !reading.read_buf(&mut cutter.bytes).await.is_ok_and(|read| read > 0) {
                        return;
                    }
                    while let Some((_, payload)) = cutter.cut() {
                        let frame = bytes::Bytes::from(plain(payload));
                        everybody.lock().iter().for_each(|to: &mpsc::UnboundedSender<bytes::Bytes>| {
                            let _ = to.send(frame.clone());
                        });
                    }
                }
            });
        }
    });
    place
}

/// A connection as a client.
///
/// # Panics
/// When nobody listens there.
pub async fn connect(place: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(place).await.expect("the server is there");
    stream.set_nodelay(true).expect("TCP has it");
    stream
}

/// A WebSocket to a server that speaks HTTP first.
///
/// # Panics
/// When the handshake fails.
pub async fn upgraded(place: SocketAddr) -> Client {
    let mut stream = connect(place).await;
    let request = "GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("the connection lives");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("the handshake is answered"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    Client::new(stream)
}

/// A client of either side. What a read brought beyond what was asked for stays for the next time.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    cutter: Cutter,
}

impl Client {
    /// A client on a connection from which nothing was read that is still needed.
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, cutter: Cutter::default() }
    }

    /// A connection to [`broadcast_server`] that will get everything sent from now on. That the kernel has connected it says
    /// only that it waits to be accepted.
    ///
    /// # Panics
    /// When nobody listens there.
    pub async fn among_everybody(place: SocketAddr) -> Self {
        let mut client = Self::new(connect(place).await);
        client.await_text(1, |payload| payload == WELCOME).await;
        client
    }

    /// Writes frames.
    ///
    /// # Panics
    /// When the connection ends.
    pub async fn say(&mut self, frames: &[u8]) {
        self.stream.write_all(frames).await.expect("the connection lives");
    }

    /// Reads until so many text frames have come that `count`; the last of them.
    ///
    /// # Panics
    /// When the connection ends.
    pub async fn await_text(&mut self, mut due: usize, counts: impl Fn(&[u8]) -> bool) -> Vec<u8> {
        loop {
            while let Some((first, payload)) = self.cutter.cut() {
                if first == 0x81 && counts(payload) {
                    due -= 1;
                    if due == 0 {
                        return payload.to_vec();
                    }
                }
            }
            assert!(self.cutter.fill(&mut self.stream).await, "the connection lives");
        }
    }

    /// Sends the same frame `rounds` times in bursts of `in_flight`, and waits each time for as many text frames.
    ///
    /// # Panics
    /// When the connection ends.
    pub async fn ping_pong(&mut self, frame: &[u8], in_flight: usize, rounds: u64) {
        let burst = frame.repeat(in_flight);
        for _ in 0..rounds {
            self.say(&burst).await;
            self.await_text(in_flight, |_| true).await;
        }
    }
}
