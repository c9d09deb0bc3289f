package chat.otvet.android.connection;

import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.Encoding;
import chat.otvet.android.protocol.MalformedFrameException;
import chat.otvet.android.protocol.ServerFrame;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;

/** Carries out what {@link Machine} decides: the socket and its timer are here, and no rule is. Lives on the loop. */
public final class Connection {
  /** Whoever owns the connection. */
  public interface Owner {
    /** The first frame of a socket, with the positions of this moment. */
    Map<String, Object> hello();

    Map<String, Object> ping();

    /** Every frame, in order. */
    void received(ServerFrame frame);

    /** The socket is gone; what was asked on it is unanswered. */
    void lost();

    void stateChanged(ConnectionState state);
  }

  private final Loop loop;
  private final Socket.Factory sockets;
  private final DoubleSupplier random;
  private final BooleanSupplier offline;
  private final Owner owner;
  private final Machine machine = new Machine(new Effects());
  private Socket socket;
  private Loop.Timer timer;
  private ConnectionState told = ConnectionState.IDLE;

  public Connection(Loop loop, Socket.Factory sockets, DoubleSupplier random, BooleanSupplier offline, Owner owner) {
    this.loop = loop;
    this.sockets = sockets;
    this.random = random;
    this.offline = offline;
    this.owner = owner;
  }

  public ConnectionState state() {
    return machine.state();
  }

  public void start() {
    input(() -> machine.start(offline.getAsBoolean()));
  }

  public void stop() {
    input(machine::stop);
  }

  /** Starts over on a new socket, from the positions. */
  public void restart() {
    input(machine::restart);
  }

  public void woke() {
    input(machine::woke);
  }

  public void wentOffline() {
    input(machine::wentOffline);
  }

  public void send(Command command, Object id) {
    if (socket != null) socket.send(command.toTree(id));
  }

  private void input(Runnable happening) {
    happening.run();
    ConnectionState state = machine.state();
    if (state == told) return;
    told = state;
    owner.stateChanged(state);
  }

  private void message(byte[] payload, Encoding encoding) {
    ServerFrame frame;
    try {
      frame = ServerFrame.read(encoding.decode(payload));
    } catch (MalformedFrameException e) {
      restart();
      return;
    }
    // First what the frame says, then what it means for the connection: whoever hears "online" finds the lists filled.
    if (frame != null) owner.received(frame);
    if (frame instanceof ServerFrame.Ready) input(() -> machine.ready(((ServerFrame.Ready) frame).heartbeatMs));
    else if (frame instanceof ServerFrame.Bye) input(() -> machine.bye(((ServerFrame.Bye) frame).retryAfterMs));
    else input(machine::received);
  }

  private final class Effects implements Machine.Actions {
    @Override
    public void openSocket() {
      socket = sockets.open(new Socket.Listener() {
        @Override
        public void opened() {
          input(machine::opened);
        }

        @Override
        public void received(byte[] payload, Encoding encoding) {
          message(payload, encoding);
        }

        @Override
        public void closed(int code) {
          socket = null;
          input(() -> machine.closed(code, offline.getAsBoolean()));
        }
      });
    }

    @Override
    public void sendHello() {
      socket.send(owner.hello());
    }

    @Override
    public void sendPing() {
      socket.send(owner.ping());
    }

    @Override
    public void dropSocket() {
      Socket dropped = socket;
      socket = null;
      if (dropped != null) dropped.close();
    }

    @Override
    public void lost() {
      owner.lost();
    }

    @Override
    public void arm(Machine.Purpose purpose, long ms) {
      disarm();
      timer = loop.after(ms, () -> {
        timer = null;
        input(() -> machine.timer(purpose));
      });
    }

    @Override
    public void armRetry(int attempt, long atLeastMs) {
      arm(Machine.Purpose.RETRY, Backoff.delay(attempt, random.getAsDouble(), atLeastMs));
    }

    @Override
    public void disarm() {
      if (timer != null) timer.cancel();
      timer = null;
    }
  }
}
