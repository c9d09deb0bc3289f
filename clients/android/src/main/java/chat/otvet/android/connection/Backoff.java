package chat.otvet.android.connection;

/** How long to wait before another try. */
public final class Backoff {
  static final long BASE_MS = 500;
  static final long CAP_MS = 30_000;

  private Backoff() {}

  /**
   * Full jitter: anywhere between nothing and the exponentially growing bound, so that clients which were cut off together
   * do not come back together. A server that names a time is given at least that long.
   *
   * @param attempt how many attempts have failed since the last success, from 0
   * @param random in [0, 1)
   * @param atLeastMs milliseconds asked for by the server
   */
  public static long delay(int attempt, double random, long atLeastMs) {
    long bound = Math.min(CAP_MS, BASE_MS << Math.min(attempt, 16));
    return atLeastMs + Math.round(random * bound);
  }
}
