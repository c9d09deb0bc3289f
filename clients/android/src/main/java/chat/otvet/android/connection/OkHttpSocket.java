package chat.otvet.android.connection;

import chat.otvet.android.protocol.Encoding;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;

/** A socket of OkHttp. Its callbacks come on threads of OkHttp and are carried over to the loop. */
public final class OkHttpSocket implements Socket {
  private final WebSocket socket;
  private volatile Encoding encoding = Encoding.JSON;
  /** Only touched on the loop. */
  private boolean dropped;

  private OkHttpSocket(OkHttpClient http, String origin, Loop loop, Listener listener) {
    Request request = new Request.Builder().url(origin + "/ws")
        .header("Sec-WebSocket-Protocol", Encoding.MESSAGE_PACK.subprotocol + ", " + Encoding.JSON.subprotocol).build();
    socket = http.newWebSocket(request, new Carrier(loop, listener));
  }

  /** Sockets to the server at {@code origin}. */
  public static Factory factory(OkHttpClient http, String origin, Loop loop) {
    return listener -> new OkHttpSocket(http, origin, loop, listener);
  }

  @Override
  public void send(Map<String, Object> frame) {
    byte[] payload = encoding.encode(frame);
    if (encoding.binary) socket.send(ByteString.of(payload));
    else socket.send(new String(payload, StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    dropped = true;
    // A dead network may take a minute to report the close: after the goodbye nobody waits for it.
    if (!socket.close(CloseCode.NORMAL, null)) socket.cancel();
  }

  private final class Carrier extends WebSocketListener {
    private final Loop loop;
    private final Listener listener;

    Carrier(Loop loop, Listener listener) {
      this.loop = loop;
      this.listener = listener;
    }

    @Override
    public void onOpen(WebSocket opened, Response response) {
      encoding = Encoding.of(response.header("Sec-WebSocket-Protocol"));
      carry(listener::opened);
    }

    @Override
    public void onMessage(WebSocket from, String text) {
      carry(() -> listener.received(text.getBytes(StandardCharsets.UTF_8), Encoding.JSON));
    }

    @Override
    public void onMessage(WebSocket from, ByteString bytes) {
      carry(() -> listener.received(bytes.toByteArray(), Encoding.MESSAGE_PACK));
    }

    @Override
    public void onClosing(WebSocket closing, int code, String reason) {
      closing.close(CloseCode.NORMAL, null);
      carry(() -> closed(code));
    }

    @Override
    public void onFailure(WebSocket failed, Throwable cause, Response response) {
      carry(() -> closed(Distrust.isBehind(cause) ? CloseCode.UNTRUSTED : CloseCode.ABNORMAL));
    }

    private void closed(int code) {
      dropped = true;
      listener.closed(code);
    }

    private void carry(Runnable word) {
      loop.run(() -> {
        if (!dropped) word.run();
      });
    }
  }
}
