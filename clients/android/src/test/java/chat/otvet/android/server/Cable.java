package chat.otvet.android.server;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The network between the phone and the server: it can be cut and mended. */
public final class Cable implements AutoCloseable {
  private final ServerSocket plug;
  private final int server;
  private final Set<Socket> ends = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;

  public Cable(OtvetServer to) throws IOException {
    this(to.port());
  }

  public Cable(int port) throws IOException {
    server = port;
    plug = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    start(this::accept);
  }

  public String origin() {
    return "http://127.0.0.1:" + plug.getLocalPort();
  }

  /** Whatever is under way is lost, and nothing comes through until {@link #mend}. */
  public void cut() {
    cut = true;
    for (Socket end : ends) close(end);
  }

  public void mend() {
    cut = false;
  }

  @Override
  public void close() throws IOException {
    plug.close();
    cut();
  }

  private void accept() {
    while (!plug.isClosed()) {
      Socket phone;
      try {
        phone = plug.accept();
      } catch (IOException e) {
        return;
      }
      if (cut) {
        close(phone);
        continue;
      }
      try {
        Socket far = new Socket();
        far.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server), 2000);
        ends.add(phone);
        ends.add(far);
        start(() -> carry(phone, far));
        start(() -> carry(far, phone));
      } catch (IOException e) {
        close(phone);
      }
    }
  }

  private void carry(Socket from, Socket to) {
    byte[] buffer = new byte[16 * 1024];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
        out.flush();
      }
    } catch (IOException e) {
      // One end is gone, and the other follows.
    } finally {
      cutOff(from, to);
    }
  }

  private void cutOff(Socket one, Socket other) {
    close(one);
    close(other);
    ends.remove(one);
    ends.remove(other);
  }

  private static void close(Socket socket) {
    try {
      // An abortive close: a cut cable says no goodbye.
      socket.setSoLinger(true, 0);
    } catch (IOException e) {
      // It was closed already.
    }
    try {
      socket.close();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "cable");
    thread.setDaemon(true);
    thread.start();
  }
}
