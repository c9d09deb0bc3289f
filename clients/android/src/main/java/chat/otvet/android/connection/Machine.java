package chat.otvet.android.connection;

/** Decides what each thing that happens to a connection means. No I/O: what is to be done goes to {@link Actions}, in order. */
public final class Machine {
  /** Milliseconds that the handshake and the answer to {@code hello} may take together. */
  public static final long CONNECT_TIMEOUT_MS = 15_000;
  /** Milliseconds that the answer to a {@code ping} may take. */
  public static final long PONG_TIMEOUT_MS = 10_000;

  /** The one timer of the machine: in each phase it waits for one thing only. */
  public enum Purpose {
    CONNECT, HEARTBEAT, PONG, RETRY
  }

  /** What the machine wants done. */
  public interface Actions {
    void openSocket();

    void sendHello();

    void sendPing();

    /** Close the socket and hear no more of it. */
    void dropSocket();

    /** What was asked on the lost socket is unanswered. */
    void lost();

    void arm(Purpose purpose, long ms);

    /** Arm the retry timer by the back-off. */
    void armRetry(int attempt, long atLeastMs);

    void disarm();
  }

  private final Actions actions;
  private ConnectionState state = ConnectionState.IDLE;
  /** Failures since the last {@code ready}. */
  private int attempt;
  private long heartbeatMs = 25_000;
  /** What the server asked for in {@code bye}. */
  private long retryAfterMs;

  public Machine(Actions actions) {
    this.actions = actions;
  }

  public ConnectionState state() {
    return state;
  }

  public void start(boolean offline) {
    if (state != ConnectionState.IDLE && state != ConnectionState.SIGNED_OUT && state != ConnectionState.REFUSED) return;
    forget();
    if (offline) state = ConnectionState.OFFLINE;
    else connect();
  }

  public void stop() {
    boolean had = state.hasSocket();
    forget();
    state = ConnectionState.IDLE;
    actions.disarm();
    if (had) {
      actions.dropSocket();
      actions.lost();
    }
  }

  public void opened() {
    if (state == ConnectionState.CONNECTING) actions.sendHello();
  }

  public void ready(long everyMs) {
    if (state != ConnectionState.CONNECTING) return;
    state = ConnectionState.ONLINE;
    attempt = 0;
    retryAfterMs = 0;
    heartbeatMs = everyMs;
    actions.arm(Purpose.HEARTBEAT, heartbeatMs);
  }

  public void received() {
    if (state == ConnectionState.ONLINE) actions.arm(Purpose.HEARTBEAT, heartbeatMs);
  }

  public void bye(long afterMs) {
    retryAfterMs = afterMs;
  }

  public void closed(int code, boolean offline) {
    if (!state.hasSocket()) return;
    switch (CloseCode.of(code)) {
      case SIGN_IN:
        end(ConnectionState.SIGNED_OUT);
        break;
      case STAY_AWAY:
        end(ConnectionState.REFUSED);
        break;
      default:
        if (offline) {
          state = ConnectionState.OFFLINE;
          actions.disarm();
          actions.lost();
        } else {
          retry(false, CloseCode.of(code) == CloseCode.RETURN_WARNED ? ConnectionState.UNTRUSTED : ConnectionState.WAITING);
        }
    }
  }

  public void timer(Purpose purpose) {
    if (purpose == Purpose.RETRY && state.isBackingOff()) {
      connect();
    } else if (purpose == Purpose.HEARTBEAT && state == ConnectionState.ONLINE) {
      ask();
    } else if (purpose == Purpose.PONG && state == ConnectionState.ONLINE || purpose == Purpose.CONNECT && state == ConnectionState.CONNECTING) {
      retry(true, ConnectionState.WAITING);
    }
  }

  /** The device woke or the network came back: a socket that was open may be dead, so it is asked at once. */
  public void woke() {
    if (state.isBackingOff() || state == ConnectionState.OFFLINE) connect();
    else if (state == ConnectionState.ONLINE) ask();
  }

  public void wentOffline() {
    if (state.hasSocket()) {
      state = ConnectionState.OFFLINE;
      actions.disarm();
      actions.dropSocket();
      actions.lost();
    } else if (state.isBackingOff()) {
      state = ConnectionState.OFFLINE;
      actions.disarm();
    }
  }

  /** What was received makes no sense on this socket; a new one starts over from the positions. */
  public void restart() {
    if (state.hasSocket()) retry(true, ConnectionState.WAITING);
  }

  private void connect() {
    state = ConnectionState.CONNECTING;
    actions.arm(Purpose.CONNECT, CONNECT_TIMEOUT_MS);
    actions.openSocket();
  }

  private void ask() {
    actions.sendPing();
    actions.arm(Purpose.PONG, PONG_TIMEOUT_MS);
  }

  private void retry(boolean drop, ConnectionState meanwhile) {
    int failed = attempt++;
    long atLeast = retryAfterMs;
    retryAfterMs = 0;
    state = meanwhile;
    if (drop) actions.dropSocket();
    actions.lost();
    actions.armRetry(failed, atLeast);
  }

  private void end(ConnectionState last) {
    forget();
    state = last;
    actions.disarm();
    actions.lost();
  }

  private void forget() {
    attempt = 0;
    retryAfterMs = 0;
  }
}
