package chat.otvet.android.account;

import chat.otvet.android.R;
import chat.otvet.android.connection.Distrust;
import java.util.Collections;
import java.util.Map;

/** A REST call that did not succeed. */
public final class ProblemException extends Exception {
  private static final long serialVersionUID = 1;

  /** HTTP status; 0 when no answer came. */
  public final int status;
  /** The contract's error code; when no answer came, {@code network}, or {@code certificate} when the server was not trusted. */
  public final String code;
  /** What is wrong with each field, in the server's words. */
  public final transient Map<String, String> errors;
  /** From {@code Retry-After}; 0 when the server names no time. */
  public final long retryAfterSeconds;

  ProblemException(int status, String code, Map<String, String> errors, long retryAfterSeconds) {
    super(status + " " + code);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The words for that no answer came. */
  int unanswered() {
    return code.equals("certificate") ? R.string.untrusted : R.string.error_network;
  }

  static ProblemException network(Throwable cause) {
    ProblemException problem = new ProblemException(0, Distrust.isBehind(cause) ? "certificate" : "network", Collections.emptyMap(), 0);
    problem.initCause(cause);
    return problem;
  }
}
