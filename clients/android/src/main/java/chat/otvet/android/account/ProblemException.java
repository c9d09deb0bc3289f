package chat.otvet.android.account;

import java.util.Collections;
import java.util.Map;

/** A REST call that did not succeed. */
public final class ProblemException extends Exception {
  private static final long serialVersionUID = 1;

  /** HTTP status; 0 when no answer came. */
  public final int status;
  /** The contract's error code; {@code network} when no answer came. */
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

  static ProblemException network(Throwable cause) {
    ProblemException problem = new ProblemException(0, "network", Collections.emptyMap(), 0);
    problem.initCause(cause);
    return problem;
  }
}
