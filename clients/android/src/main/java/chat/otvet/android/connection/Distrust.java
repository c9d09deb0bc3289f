package chat.otvet.android.connection;

import java.security.cert.CertificateException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** Tells a server that could not prove that it is the right one from a network that does not work. */
public final class Distrust {
  private Distrust() {}

  /** Whether a connection failed over the server's certificate: not trusted, for another host, or without the pinned key. */
  public static boolean isBehind(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLPeerUnverifiedException || cause instanceof CertificateException) return true;
    }
    return false;
  }
}
