package chat.otvet.android.connection;

/**
 * The one thread on which the connection, the streams and the queue live, with its clock. Tests have one whose time they
 * move by hand.
 */
public interface Loop {
  /** Runs a job after those that were given before it. */
  void run(Runnable job);

  /** Runs a job when {@code ms} have passed, unless it is cancelled. */
  Timer after(long ms, Runnable job);

  /** Milliseconds since 1970. */
  long now();

  /** A job that waits for its time. */
  interface Timer {
    void cancel();
  }
}
