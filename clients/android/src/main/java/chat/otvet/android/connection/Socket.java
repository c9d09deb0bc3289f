package chat.otvet.android.connection;

import chat.otvet.android.protocol.Encoding;
import java.util.Map;

/** The part of a WebSocket that the connection uses. */
public interface Socket {
  void send(Map<String, Object> frame);

  /** Says goodbye; nothing is heard of it afterwards. */
  void close();

  /** Hears of a socket, on the loop. */
  interface Listener {
    void opened();

    void received(byte[] payload, Encoding encoding);

    /** The last word. */
    void closed(int code);
  }

  /** Opens sockets to one server. */
  interface Factory {
    Socket open(Listener listener);
  }
}
