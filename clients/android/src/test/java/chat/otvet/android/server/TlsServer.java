package chat.otvet.android.server;

import chat.otvet.android.protocol.Encoding;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import okhttp3.CertificatePinner;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okhttp3.mockwebserver.Dispatcher;
import okhttp3.mockwebserver.MockResponse;
import okhttp3.mockwebserver.MockWebServer;
import okhttp3.mockwebserver.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.rules.ExternalResource;

/** A server on loopback that speaks TLS with a key of its own, lets guests in, and hears what sockets say to it. */
public final class TlsServer extends ExternalResource {
  private static final String STORE = "javax.net.ssl.trustStore";
  private static final String STORE_PASSWORD = "javax.net.ssl.trustStorePassword";

  /** Frames of all sockets, as they came. */
  public final BlockingQueue<String> frames = new LinkedBlockingQueue<>();
  private final HeldCertificate authority = new HeldCertificate.Builder().certificateAuthority(0).commonName("an authority for tests").build();
  private final MockWebServer server = new MockWebServer();
  private final BlockingQueue<WebSocket> sockets = new LinkedBlockingQueue<>();
  private Path trustStore;
  private HeldCertificate certificate;

  @Override
  protected void before() throws IOException {
    certify();
    server.setDispatcher(new Dispatcher() {
      @Override
      public MockResponse dispatch(RecordedRequest request) {
        if ("/api/v1/guest".equals(request.getPath())) {
          return new MockResponse().setBody("{\"token\":\"7|secret\",\"person\":{\"id\":\"u7\",\"role\":\"visitor\",\"name\":\"Anna\"}}");
        }
        return new MockResponse().withWebSocketUpgrade(new Hearing()).setHeader("Sec-WebSocket-Protocol", Encoding.JSON.subprotocol);
      }
    });
    server.start(InetAddress.getByName("localhost"), 0);
  }

  @Override
  protected void after() {
    try {
      trust(false);
    } catch (IOException | GeneralSecurityException e) {
      throw new AssertionError(e);
    }
    try {
      server.shutdown();
    } catch (IOException e) {
      // The port is closed all the same: it gave up waiting for a thread that a busy machine has not ended yet.
      System.err.println("a TLS server ends slowly: " + e.getMessage());
    }
  }

  public String origin() {
    return "https://localhost:" + server.getPort();
  }

  /** Of the key that it has at this moment. */
  public String pin() {
    return CertificatePinner.pin(certificate.certificate());
  }

  /** As often as somebody sent something after the handshake. */
  public int requests() {
    return server.getRequestCount();
  }

  /** Has another key from now on, certified by the same authority, and sends away whoever is connected. */
  public void changeKey() {
    certify();
    for (WebSocket socket = sockets.poll(); socket != null; socket = sockets.poll()) socket.close(1012, null);
  }

  /** Puts the authority into the trust store that this process asks, or takes it out again. */
  public void trust(boolean trusted) throws IOException, GeneralSecurityException {
    if (trustStore != null) Files.delete(trustStore);
    trustStore = null;
    System.clearProperty(STORE);
    System.clearProperty(STORE_PASSWORD);
    if (!trusted) return;
    KeyStore store = KeyStore.getInstance("PKCS12", "SunJSSE");
    store.load(null, null);
    store.setCertificateEntry("authority", authority.certificate());
    trustStore = Files.createTempFile("otvet-android-", ".p12");
    try (OutputStream out = Files.newOutputStream(trustStore)) {
      store.store(out, "changeit".toCharArray());
    }
    System.setProperty(STORE, trustStore.toString());
    System.setProperty(STORE_PASSWORD, "changeit");
  }

  private void certify() {
    certificate = new HeldCertificate.Builder().signedBy(authority).commonName("localhost").addSubjectAlternativeName("localhost").build();
    server.useHttps(new HandshakeCertificates.Builder().heldCertificate(certificate).build().sslSocketFactory(), false);
  }

  private final class Hearing extends WebSocketListener {
    @Override
    public void onOpen(WebSocket socket, Response response) {
      sockets.add(socket);
    }

    @Override
    public void onMessage(WebSocket from, String text) {
      frames.add(text);
    }
  }
}
