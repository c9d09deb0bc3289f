//! The first frame: `hello` with a valid token, in time, or goodbye.

use std::time::Duration;

use otvet_actors::Introduction;
use otvet_actors::outbox::Outbox;
use otvet_engine::identity::Abilities;
use otvet_engine::protocol::{
    CloseCode, Code, Command, CommandId, DecodeError, Failed, Format, Hello, Refusal, ServerFrame, decode,
};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;

use crate::edge::Edge;
use crate::metrics::End;

use super::socket::{Socket, judge};

/// How long looking up a token may take: then it is our fault, not the client's.
const AUTHENTICATION: Duration = Duration::from_secs(5);

/// How much is logged of what a device calls itself.
const LOGGED_CHARS: usize = 64;

/// Why nobody was introduced.
pub enum Goodbye {
    /// Closed by us, after a last frame.
    Close(CloseCode, Option<ServerFrame>),
    /// Closed by the other side.
    Gone(End),
}

impl Goodbye {
    fn refused(code: CloseCode, id: Option<CommandId>, refusal: Refusal) -> Self {
        Self::Close(code, Some(ServerFrame::Failed(Failed::new(id, refusal))))
    }
}

/// Waits for `hello` and finds out whose it is.
pub async fn introduce(edge: &Edge, socket: &mut Socket, name: &str) -> Result<Introduction, Goodbye> {
    let limits = &edge.settings.limits;
    let deadline = Instant::now() + Duration::from_secs(limits.hello_timeout_s);
    let (id, hello) = match timeout_at(deadline, first_frame(edge, socket)).await {
        Ok(frame) => frame?,
        Err(_) => return Err(Goodbye::Close(CloseCode::BadFrames, None)),
    };
    let looked_up = timeout(AUTHENTICATION, edge.identity.authenticate_joining(&hello.token)).await;
    let refusal = match looked_up {
        Err(_) => Refusal::unavailable(),
        Ok(Err(error)) => error.into(),
        Ok(Ok(who)) if !who.abilities.allow(Abilities::CHAT) => {
            Refusal::new(Code::Forbidden, "this token does not have the ability to chat")
        }
        Ok(Ok(who)) => {
            let device = hello.device.map(|device| device.chars().take(LOGGED_CHARS).collect::<String>());
            tracing::debug!(session = name, person = %who.person.id, token = who.token_name, ?device, "joins");
            return Ok(Introduction {
                person: who.person,
                token_id: who.token_id,
                hello_id: id,
                positions: hello.positions,
                outbox: Outbox::new(socket.format(), limits.outbox_bytes),
                name: name.to_owned(),
            });
        }
    };
    let code = match refusal.code {
        Code::Unauthorized => CloseCode::Unauthorized,
        Code::Forbidden => CloseCode::Forbidden,
        _ => CloseCode::Internal,
    };
    Err(Goodbye::refused(code, Some(id), refusal))
}

/// Reads up to the first frame that is one, which must be `hello`.
async fn first_frame(edge: &Edge, socket: &mut Socket) -> Result<(CommandId, Hello), Goodbye> {
    let format = socket.format();
    let frame = loop {
        match socket.receive().await {
            Ok(Message::Text(text)) if format == Format::Json => break decode(format, text.as_bytes()),
            Ok(Message::Binary(bytes)) if format == Format::MessagePack => {
                break decode(format, &bytes);
            }
            Ok(Message::Text(_) | Message::Binary(_)) => {
                return Err(Goodbye::Close(CloseCode::BadFrames, None));
            }
            // Pings are answered, and a close is, by the next read.
            Ok(_) => {}
            Err(error) => {
                return Err(match judge(&error) {
                    End::Closed(code) => Goodbye::Close(code, None),
                    end => Goodbye::Gone(end),
                });
            }
        }
    };
    match frame {
        Ok(frame) => {
            edge.metrics.command(&frame.command);
            match (frame.id, frame.command) {
                (Some(id), Command::Hello(hello)) => Ok((id, hello)),
                (id, _) => {
                    let refusal = Refusal::new(Code::Unauthorized, "say `hello` with a token first");
                    Err(Goodbye::refused(CloseCode::BadFrames, id, refusal))
                }
            }
        }
        Err(DecodeError::Refused { id, refusal }) => Err(Goodbye::refused(CloseCode::BadFrames, id, refusal)),
        Err(DecodeError::Malformed(_)) => Err(Goodbye::Close(CloseCode::BadFrames, None)),
    }
}
