package chat.otvet.android.delivery;

import chat.otvet.android.connection.Answer;
import chat.otvet.android.connection.Connection;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.connection.Loop;
import chat.otvet.android.connection.RequestBook;
import chat.otvet.android.connection.Socket;
import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Limits;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.ServerFrame;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Ready;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import chat.otvet.android.protocol.ServerFrame.Signal;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.store.QueuedItem;
import chat.otvet.android.store.Store;
import chat.otvet.android.store.StoredSession;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The realtime side of one signed-in person: one socket, every stream without loss or doubling, an outgoing queue. Its
 * methods may be called from any thread and take effect on the loop; views come back through {@link Observers}.
 */
public final class Client {
  /** Milliseconds that "is typing" stays without being renewed. */
  private static final long TYPING_LASTS_MS = 4000;

  /** What a client is made of. */
  public static final class Parts {
    public Loop loop;
    public Store store;
    public Socket.Factory sockets;
    public String token;
    /** Who is signed in, as the sign-in said. */
    public Person person;
    /** For the server's log. */
    public String device;
    /** In [0, 1). */
    public DoubleSupplier random;
    /** A fresh idempotency key. */
    public Supplier<String> newKey;
    public BooleanSupplier offline;
    /** Where views are handed over: the main thread. */
    public Consumer<Runnable> screen;
    /** Hears every applied event, on the loop. */
    public Consumer<Event> applied;
  }

  private final Parts parts;
  private final Loop loop;
  private final RequestBook requests = new RequestBook();
  private final Mirror mirror = new Mirror(new MirrorHost());
  private final Connection connection;
  private final HistoryRequests history;
  private final OutgoingQueue queue;
  private final Keeper keeper;
  private final ReadMarks marks = new ReadMarks(requests::ask);
  private final Map<String, Person> typing = new LinkedHashMap<>();
  private final Map<String, Loop.Timer> typingTimers = new HashMap<>();
  private final Observers observers;
  /** As the server last said; their role may have changed since the sign-in. */
  private Person person;
  private Limits limits = Limits.DEFAULT;
  private boolean ended;

  public Client(Parts parts) {
    this.parts = parts;
    loop = parts.loop;
    person = parts.person;
    history = new HistoryRequests(requests, loop, parts.random);
    queue = new OutgoingQueue(parts.store, loop, parts.random, parts.newKey, new QueueHost());
    keeper = new Keeper(parts.store, loop, mirror, parts.person);
    connection = new Connection(loop, parts.sockets, parts.random, parts.offline, new ConnectionOwner());
    observers = new Observers(loop, parts.screen, this::view, this::threadView);
    loop.run(this::restore);
  }

  /** Connects and stays connected until {@link #disconnect}. */
  public void connect() {
    loop.run(() -> {
      if (!ended) connection.start();
    });
  }

  /** Closes the socket; what is shown stays. */
  public void disconnect() {
    loop.run(() -> {
      connection.stop();
      keeper.flush();
    });
  }

  /**
   * Ends for good.
   *
   * @param forget whether the person's list and threads are forgotten too; queue and drafts are kept in any case
   */
  public void end(boolean forget) {
    loop.run(() -> {
      if (ended) return;
      ended = true;
      connection.stop();
      history.abandon();
      requests.abandon();
      if (forget) {
        keeper.drop();
        parts.store.forget(parts.person.id);
      } else {
        keeper.flush();
      }
    });
  }

  /** The device woke or has a network again. */
  public void woke() {
    loop.run(connection::woke);
  }

  public void wentOffline() {
    loop.run(connection::wentOffline);
  }

  /** Observers of this client's views. */
  public Observers observers() {
    return observers;
  }

  /** Keeps a question, or a message when there is a conversation, and then says so on the screen's thread. */
  public void send(String conversation, String subject, String body, Consumer<QueuedItem> kept) {
    loop.run(() -> {
      if (ended) return;
      QueuedItem item = queue.add(conversation, subject, body);
      parts.screen.accept(() -> kept.accept(item));
    });
  }

  public void retry(String key) {
    loop.run(() -> queue.retry(key));
  }

  public void discard(String key) {
    loop.run(() -> queue.discard(key));
  }

  /** Notes that the thread is looked at, and loads it when it is new. */
  public void open(String conversation) {
    loop.run(() -> {
      LiveThread thread = mirror.thread(conversation);
      thread.openedAt(loop.now());
      if (thread.isLoaded()) keeper.thread(thread);
      else mirror.loadOlder(thread);
    });
  }

  public void loadOlder(String conversation) {
    loop.run(() -> {
      if (connection.state() == ConnectionState.ONLINE) mirror.loadOlder(mirror.thread(conversation));
    });
  }

  /** Moves the own read mark; shown at once. */
  public void read(String conversation, long seq) {
    loop.run(() -> {
      mirror.markRead(conversation, seq);
      marks.read(conversation, seq);
    });
  }

  /** Tells the others that this person writes. */
  public void typing(String conversation) {
    loop.run(() -> {
      if (connection.state() == ConnectionState.ONLINE) connection.send(Command.typing(conversation), null);
    });
  }

  /** Resolves or reopens; what comes of it is seen in the thread. */
  public void resolve(String conversation, boolean resolved) {
    Command command = resolved ? Command.resolve(conversation) : Command.reopen(conversation);
    loop.run(() -> requests.ask(command, NOBODY_WAITS));
  }

  /** Takes over what REST told of older conversations. */
  public void addOlder(Collection<Summary> conversations) {
    loop.run(() -> mirror.addOlder(conversations));
  }

  /** Runs a job on the client's loop, behind what was asked before. */
  public void run(Runnable job) {
    loop.run(job);
  }

  private void restore() {
    StoredSession stored = parts.store.session(person.id);
    if (stored != null) mirror.restore(stored, parts.store.threads(person.id));
    queue.load(person.id);
    observers.changed();
  }

  private ClientView view() {
    return new ClientView(connection.state(), person, limits, mirror.list().all(), queue.items(), new HashMap<>(typing));
  }

  private ThreadView threadView(String id, ClientView view) {
    LiveThread thread = mirror.thread(id);
    return new ThreadView(thread, thread.pending(queue.of(id)), mirror.list().get(id), view);
  }

  private void ready(Ready ready) {
    person = ready.person;
    limits = ready.limits;
    // One place is left for the heartbeat's ping, which must not be the command too many.
    requests.connected(Math.max(1, limits.unansweredCommands - 1), connection::send);
    mirror.ready(ready);
    // What came while this device was away has reached it now.
    for (Summary conversation : ready.conversations) {
      if (conversation.unread > 0 && conversation.lastMessage != null) marks.delivered(conversation.id, conversation.lastMessage.seq);
    }
    queue.online();
  }

  private void showTyping(Signal signal) {
    if (!signal.kind.equals("typing") || person.id.equals(signal.person.id)) return;
    endTyping(signal.conversation);
    typing.put(signal.conversation, signal.person);
    typingTimers.put(signal.conversation, loop.after(TYPING_LASTS_MS, () -> {
      endTyping(signal.conversation);
      observers.changed();
    }));
  }

  private void endTyping(String conversation) {
    typing.remove(conversation);
    Loop.Timer timer = typingTimers.remove(conversation);
    if (timer != null) timer.cancel();
  }

  private static final Answer NOBODY_WAITS = new Answer() {
    @Override
    public void ok(Ok ok) {}

    @Override
    public void refused(Refusal refusal) {}

    @Override
    public void unknown() {}
  };

  private final class ConnectionOwner implements Connection.Owner {
    @Override
    public Map<String, Object> hello() {
      return Command.hello(parts.token, parts.device, mirror.positions()).toTree(requests.takeId());
    }

    @Override
    public Map<String, Object> ping() {
      return Command.ping().toTree(requests.takeId());
    }

    @Override
    public void received(ServerFrame frame) {
      if (frame instanceof Ready) {
        ready((Ready) frame);
      } else if (frame instanceof Ok) {
        requests.answered((Ok) frame);
      } else if (frame instanceof Refusal) {
        requests.answered((Refusal) frame);
      } else if (frame instanceof Event) {
        mirror.event((Event) frame);
      } else if (frame instanceof ServerFrame.Reset) {
        mirror.reset((ServerFrame.Reset) frame);
      } else if (frame instanceof Signal) {
        showTyping((Signal) frame);
        mirror.signal((Signal) frame);
      }
    }

    @Override
    public void lost() {
      mirror.lost();
      queue.offline();
      requests.lost();
    }

    @Override
    public void stateChanged(ConnectionState state) {
      observers.changed();
    }
  }

  private final class QueueHost implements OutgoingQueue.Host {
    @Override
    public void ask(Command command, Answer answer) {
      requests.ask(command, answer);
    }

    @Override
    public void queueChanged() {
      observers.changed();
    }

    @Override
    public void sent(QueuedItem item, Ok ok) {
      if (ok.conversation != null) mirror.upsert(ok.conversation);
      LiveThread thread = item.conversation == null ? null : mirror.known(item.conversation);
      if (thread != null) thread.acknowledged(item, ok.seq);
      observers.sent(item, ok.conversation == null ? item.conversation : ok.conversation.id);
    }
  }

  private final class MirrorHost implements Mirror.Host {
    @Override
    public void askHistory(Command command, Answer answer) {
      history.ask(command, answer);
    }

    @Override
    public void restart() {
      connection.restart();
    }

    @Override
    public Person me() {
      return person;
    }

    @Override
    public void applied(Event event) {
      if (event.isMessage()) {
        String conversation = Streams.conversationOf(event.stream);
        if (event.actor.id.equals(person.id)) queue.confirm(event.key);
        if (!person.wrote(event.actor)) {
          endTyping(conversation);
          marks.delivered(conversation, event.seq);
        }
      }
      parts.applied.accept(event);
    }

    @Override
    public void changed() {
      observers.changed();
    }

    @Override
    public void keepSession() {
      keeper.session();
    }

    @Override
    public void keepThread(LiveThread thread) {
      keeper.thread(thread);
    }
  }
}
