package chat.otvet.android.plan;

import chat.otvet.android.connection.Socket;
import chat.otvet.android.protocol.Encoding;
import chat.otvet.android.protocol.JsonText;
import chat.otvet.android.protocol.MalformedFrameException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Everything that one phone sent and received, a JSON object a line, in the checker's vocabulary. */
final class PhoneLog {
  private final Writer lines;
  private final long began = System.currentTimeMillis();
  private volatile long grewAt = began;
  private boolean open;

  PhoneLog(Path file) throws IOException {
    lines = Files.newBufferedWriter(file);
  }

  /** Sockets whose frames are written down as they pass. */
  Socket.Factory around(Socket.Factory sockets) {
    return listener -> {
      Socket inner = sockets.open(new Socket.Listener() {
        @Override
        public void opened() {
          listener.opened();
        }

        @Override
        public void received(byte[] payload, Encoding encoding) {
          try {
            add("received", encoding.decode(payload));
          } catch (MalformedFrameException e) {
            add("malformed", e.getMessage());
          }
          listener.received(payload, encoding);
        }

        @Override
        public void closed(int code) {
          ended((long) code);
          listener.closed(code);
        }
      });
      return new Socket() {
        @Override
        public void send(Map<String, Object> frame) {
          sent(frame);
          inner.send(frame);
        }

        @Override
        public void close() {
          ended(null);
          inner.close();
        }
      };
    };
  }

  /** The connection is gone. Said once, however many hear of it. */
  synchronized void ended(Long code) {
    if (open) add("closed", code);
    open = false;
  }

  long quietMs() {
    return System.currentTimeMillis() - grewAt;
  }

  synchronized void close() throws IOException {
    lines.close();
  }

  private synchronized void sent(Map<String, Object> frame) {
    if (!frame.get("type").equals("hello")) {
      add("sent", frame);
      return;
    }
    open = true;
    add("hello", frame.getOrDefault("positions", new LinkedHashMap<>()));
  }

  private synchronized void add(String what, Object value) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("at_ms", System.currentTimeMillis() - began);
    line.put("what", what);
    line.put("value", value);
    try {
      lines.write(JsonText.encode(line));
      lines.write('\n');
      lines.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    grewAt = System.currentTimeMillis();
  }
}
