//! A server on free ports with a database of its own, and the plainest of clients.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use otvet_api::{Environment, Server};
use otvet_config::Settings;
use otvet_engine::clock::SystemClock;
use otvet_engine::identity::Password;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Longer than anything takes that a test waits for; only a failing test waits so long.
pub const PATIENCE: Duration = Duration::from_secs(20);
pub const ADMIN: (&str, &str) = ("boss@example.com", "correct horse battery");

pub struct Running {
    pub server: Server,
    folder: tempfile::TempDir,
}

/// Starts a server; `adapt` changes what the defaults say.
pub async fn start(adapt: impl FnOnce(&mut Settings)) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.metrics_listen = "127.0.0.1:0".parse().unwrap();
    settings.database.url = format!("sqlite://{}/otvet.db?mode=rwc", folder.path().display()).as_str().into();
    settings.identity.bcrypt_cost = 4;
    adapt(&mut settings);
    let environment = Environment {
        clock: Arc::new(SystemClock),
        rng: StdRng::seed_from_u64(7),
        admin: (Some(ADMIN.0.to_owned()), Some(Password::from(ADMIN.1))),
    };
    Running { server: Server::start(settings, environment).await.unwrap(), folder }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e} in {self:?}"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Running {
    /// Sends bytes and reads up to the end of the connection.
    pub async fn raw(&self, request: &[u8]) -> String {
        let mut tcp = TcpStream::connect(self.server.addr).await.unwrap();
        // The server may answer and hang up before it has read everything.
        let _ = tcp.write_all(request).await;
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, tcp.read_to_end(&mut bytes)).await.expect("an end of the connection");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One request with further header lines.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n{lines}\r\n"
        );
        let text = self.raw(&[head.as_bytes(), body].concat()).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// One request with a JSON body and, if there is one, a token.
    pub async fn json(&self, method: &str, path: &str, token: Option<&str>, body: Value) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
        let body = if method == "GET" { String::new() } else { body.to_string() };
        self.call(method, path, &headers, body.as_bytes()).await
    }

    /// A new guest's token.
    pub async fn guest(&self) -> String {
        let answer = self.json("POST", "/api/v1/guest", None, json!({})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// The administrator's token.
    pub async fn admin(&self) -> String {
        let login = json!({"email": ADMIN.0, "password": ADMIN.1, "device_name": "test"});
        let answer = self.json("POST", "/api/v1/login", None, login).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// Makes an account in this role and signs it in.
    pub async fn account(&self, name: &str, role: &str) -> String {
        let email = format!("{name}@example.com");
        let new = json!({"name": name, "email": email, "password": "long enough", "role": role});
        let made = self.json("POST", "/api/v1/admin/people", Some(&self.admin().await), new).await;
        assert_eq!(made.status, 201, "{made:?}");
        let login = json!({"email": email, "password": "long enough", "device_name": "test"});
        let answer = self.json("POST", "/api/v1/login", None, login).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// A new guest's question, claimed by a manager: the path of the conversation.
    pub async fn claimed_by(&self, manager: &str) -> String {
        let question = json!({"key": "k", "body": "Where is my order?"});
        let opened =
            self.json("POST", "/api/v1/conversations", Some(&self.guest().await), question).await.json();
        let path = format!("/api/v1/conversations/{}", opened["conversation"]["id"].as_str().unwrap());
        let claimed = self.json("POST", &format!("{path}/claim"), Some(manager), json!({})).await;
        assert_eq!(claimed.status, 200, "{claimed:?}");
        path
    }

    /// Runs the binary on this server's database, as an operator does in another process. The server goes on meanwhile: it
    /// lives on this thread, and kept waiting in the middle of a transaction it would keep the database locked.
    pub async fn operate(&self, args: &[&str]) {
        let database = format!("sqlite://{}/otvet.db?mode=rwc", self.folder.path().display());
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_otvet"))
            .args(args)
            .env_clear()
            .env("OTVET_DATABASE__URL", database)
            .current_dir(self.folder.path())
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }

    /// What is measured.
    pub fn metrics(&self) -> String {
        self.server.edge.render_metrics()
    }

    /// An open socket that has not said anything.
    pub async fn socket(&self) -> Socket {
        let request = format!("ws://{}/ws", self.server.addr).into_client_request().unwrap();
        let tcp = TcpStream::connect(self.server.addr).await.unwrap();
        Socket(tokio_tungstenite::client_async(request, tcp).await.unwrap().0)
    }

    /// An open socket that is `ready`.
    pub async fn joined(&self, token: &str) -> Socket {
        let mut socket = self.socket().await;
        socket.say(json!({"type": "hello", "id": 1, "token": token})).await;
        let ready = socket.frame().await;
        assert_eq!(ready["type"], "ready", "{ready}");
        socket
    }
}

/// A WebSocket that speaks JSON.
pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    async fn next(&mut self) -> Option<Message> {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("a frame") {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return Some(message),
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The next frame.
    pub async fn frame(&mut self) -> Value {
        match self.next().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).unwrap(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next frame that answers a command.
    pub async fn answer(&mut self, id: Value) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["id"] == id {
                return frame;
            }
        }
    }

    /// The code with which the server closes; frames before it are passed over.
    pub async fn close_code(&mut self) -> u16 {
        loop {
            match self.next().await {
                Some(Message::Close(Some(close))) => return close.code.into(),
                Some(Message::Text(_)) => {}
                other => panic!("no close but {other:?}"),
            }
        }
    }
}
