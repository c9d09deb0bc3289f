package chat.otvet.android.account;

import java.util.Collection;
import okhttp3.HttpUrl;

/** What a person types as the server's address, made an origin. */
public final class ServerAddress {
  /** Why an address is not taken. */
  public enum Problem {
    EMPTY,
    INVALID,
    /** Only encrypted connections leave the device. */
    CLEARTEXT
  }

  /** The address is not taken. */
  public static final class ProblemException extends Exception {
    private static final long serialVersionUID = 1;
    public final Problem problem;

    ProblemException(Problem problem) {
      super(problem.name());
      this.problem = problem;
    }
  }

  private ServerAddress() {}

  /**
   * The origin of an address. Without a scheme it is {@code https}; path, query and fragment are cut off, so that the
   * address bar's whole content can be pasted.
   *
   * @param cleartextHosts the only hosts that {@code http} is allowed to
   */
  public static String origin(String typed, Collection<String> cleartextHosts) throws ProblemException {
    String text = typed.trim();
    if (text.isEmpty()) throw new ProblemException(Problem.EMPTY);
    HttpUrl url = HttpUrl.parse(text.contains("://") ? text : "https://" + text);
    if (url == null || !url.username().isEmpty() || !url.password().isEmpty()) throw new ProblemException(Problem.INVALID);
    if (!url.isHttps() && !cleartextHosts.contains(url.host())) throw new ProblemException(Problem.CLEARTEXT);
    String host = url.host().indexOf(':') < 0 ? url.host() : "[" + url.host() + "]";
    boolean usual = url.port() == HttpUrl.defaultPort(url.scheme());
    return url.scheme() + "://" + host + (usual ? "" : ":" + url.port());
  }
}
