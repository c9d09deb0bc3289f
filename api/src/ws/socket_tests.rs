//! The bytes on both sides of tungstenite: pieces, blocked writes, and the end.

use std::future::poll_fn;

use tokio::net::TcpListener;

use super::*;

const FRAME_BYTES: usize = 64 * 1024;

/// A client's frame, masked.
fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x0f, 0xf0, 0x55, 0xaa];
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..126) => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

async fn connected(ahead: Option<Vec<u8>>) -> (Socket, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (tcp, _) = listener.accept().await.unwrap();
    (Socket::new(tcp, ahead, Format::Json, FRAME_BYTES), client)
}

async fn write(socket: &mut Socket, frames: Frames) -> io::Result<()> {
    let mut batch = Batch { frames, ..Batch::default() };
    poll_fn(|cx| socket.poll_write(cx, &mut batch)).await
}

async fn text(socket: &mut Socket) -> String {
    match socket.receive().await.unwrap() {
        Message::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn messages_come_whole_however_they_are_cut() {
    let (mut socket, mut client) = connected(None).await;
    let long = "ж".repeat(30_000);
    let mut bytes = masked(0x81, b"one");
    bytes.extend(masked(0x81, long.as_bytes()));
    // In fragments, with a ping between them.
    bytes.extend([masked(0x01, b"fo"), masked(0x89, b"?"), masked(0x80, b"ur")].concat());
    let writing = tokio::spawn(async move {
        for piece in bytes.chunks(997) {
            client.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        client
    });
    assert_eq!(text(&mut socket).await, "one");
    assert_eq!(text(&mut socket).await, long);
    assert!(matches!(socket.receive().await.unwrap(), Message::Ping(payload) if payload == "?"));
    assert_eq!(text(&mut socket).await, "four");
    drop(writing.await.unwrap());
    assert_eq!(judge(&socket.receive().await.unwrap_err()), End::Broken);
}

#[tokio::test]
async fn what_was_read_ahead_is_not_lost() {
    let ahead = [masked(0x81, b"1"), masked(0x81, b"2"), masked(0x81, b"3")[..4].to_vec()].concat();
    let (mut socket, mut client) = connected(Some(ahead)).await;
    assert_eq!(text(&mut socket).await, "1");
    assert_eq!(text(&mut socket).await, "2");
    client.write_all(&masked(0x81, b"3")[4..]).await.unwrap();
    assert_eq!(text(&mut socket).await, "3");
}

#[tokio::test]
async fn one_read_hands_over_all_that_came() {
    let (mut socket, mut client) = connected(None).await;
    client.write_all(&masked(0x81, b"x").repeat(100)).await.unwrap();
    let mut counts = Vec::new();
    while counts.iter().sum::<usize>() < 100 {
        let mut count = 0;
        let read = poll_fn(|cx| {
            socket.poll_receive(cx, |_| {
                count += 1;
                ControlFlow::<()>::Continue(())
            })
        });
        assert_eq!(read.await.unwrap(), ControlFlow::Continue(()));
        counts.push(count);
    }
    assert_eq!(counts, [100]);
}

#[tokio::test]
async fn frames_are_written_in_order_through_a_full_socket() {
    let (mut socket, mut client) = connected(None).await;
    // Megabytes: more than the kernel holds of what nobody reads.
    let frames: Frames = (0..6_000_usize)
        .map(|n| format!("{n} {}", "x".repeat(n * 7 % 5_000)).into())
        .chain([vec![b'y'; 70_000].into()])
        .collect();
    let expected = frames.clone();
    let reading = async move {
        for frame in expected {
            let (first, length) = (client.read_u8().await.unwrap(), client.read_u8().await.unwrap());
            let length = match length {
                126 => u64::from(client.read_u16().await.unwrap()),
                127 => client.read_u64().await.unwrap(),
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            client.read_exact(&mut payload).await.unwrap();
            assert_eq!((first, Bytes::from(payload)), (0x81, frame));
        }
    };
    let (written, ()) = tokio::join!(write(&mut socket, frames), reading);
    written.unwrap();
    assert_eq!(socket.out.bytes.capacity(), 0, "nothing is kept");
}

#[tokio::test]
async fn pongs_that_are_not_read_are_held_back_until_there_is_room() {
    let (mut socket, mut client) = connected(None).await;
    let frame = Bytes::from(vec![b'x'; 100_000]);
    let mut batch = Batch { frames: vec![frame; 200].into(), ..Batch::default() };
    let blocked = poll_fn(|cx| Poll::Ready(socket.poll_write(cx, &mut batch).is_pending()));
    assert!(blocked.await, "twenty megabytes do not fit into the kernel");
    let waiting = socket.out.len();
    client.write_all(&masked(0x89, b"anybody?").repeat(10_000)).await.unwrap();
    client.write_all(&masked(0x89, b"the last")).await.unwrap();
    let mut pings = 0;
    while pings <= 10_000 {
        let read = poll_fn(|cx| {
            socket.poll_receive(cx, |_| {
                pings += 1;
                ControlFlow::<()>::Continue(())
            })
        });
        assert_eq!(read.await.unwrap(), ControlFlow::Continue(()));
    }
    assert!(socket.out.len() <= waiting + UNREAD_PONGS + 200, "{} and {waiting}", socket.out.len());
    let reading = tokio::spawn(async move {
        let mut bytes = Vec::new();
        client.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    poll_fn(|cx| socket.poll_write(cx, &mut batch)).await.unwrap();
    drop(socket);
    let bytes = reading.await.unwrap();
    let newest = bytes.windows(10).any(|part| part == b"\x8a\x08the last");
    assert!(newest, "the newest ping is answered when there is room");
}

#[tokio::test]
async fn a_close_is_answered_and_nothing_behind_it_is_read() {
    let (mut socket, mut client) = connected(None).await;
    let goodbye = [&4000_u16.to_be_bytes()[..], b"bye"].concat();
    client
        .write_all(&[masked(0x81, b"last"), masked(0x88, &goodbye), masked(0x81, b"more")].concat())
        .await
        .unwrap();
    assert_eq!(text(&mut socket).await, "last");
    assert!(matches!(socket.receive().await.unwrap(), Message::Close(Some(_))));
    let end = judge(&socket.receive().await.unwrap_err());
    assert_eq!(end, End::ByPeer);
    Box::new(socket).leave(end).await;
    let mut answer = vec![0; 2 + goodbye.len()];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [&[0x88, 5], &goodbye[..]].concat());
}

#[tokio::test]
async fn rules_of_the_protocol_have_their_close_codes() {
    let unmasked = b"\x81\x01x".to_vec();
    let closed = End::Closed;
    for (bytes, end) in [
        (unmasked, closed(CloseCode::BadFrames)),
        (masked(0xc1, b"reserved bit"), closed(CloseCode::BadFrames)),
        (masked(0x83, b"reserved opcode"), closed(CloseCode::BadFrames)),
        (masked(0x80, b"continues nothing"), closed(CloseCode::BadFrames)),
        (masked(0x09, b"a ping in parts"), closed(CloseCode::BadFrames)),
        (masked(0x89, &[b'x'; 126]), closed(CloseCode::BadFrames)),
        (masked(0x88, b"x"), closed(CloseCode::BadFrames)),
        ([masked(0x01, b"x"), masked(0x81, b"y")].concat(), closed(CloseCode::BadFrames)),
        (masked(0x81, b"\xff\xfe"), closed(CloseCode::InvalidData)),
        (
            [&b"\x81\xff"[..], &(FRAME_BYTES as u64 + 1).to_be_bytes(), &[0; 4]].concat(),
            closed(CloseCode::TooBig),
        ),
        ([masked(0x01, &[b'x'; 40_000]), masked(0x80, &[b'x'; 40_000])].concat(), closed(CloseCode::TooBig)),
    ] {
        let (mut socket, mut client) = connected(None).await;
        client.write_all(&bytes).await.unwrap();
        let shown = bytes[..bytes.len().min(20)].to_vec();
        let told = loop {
            match socket.receive().await {
                Ok(Message::Ping(_)) => {}
                Ok(other) => panic!("{shown:?} became {other:?}"),
                Err(error) => break judge(&error),
            }
        };
        assert_eq!(told, end, "{shown:?}");
    }
}
