package chat.otvet.android.delivery;

import chat.otvet.android.connection.Loop;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Position;
import chat.otvet.android.store.Store;
import chat.otvet.android.store.StoredSession;
import chat.otvet.android.store.StoredThread;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes what a restart needs, a little later and in one go. Losing the last write is harmless: what is stored is whole up
 * to its own position, and the server fills in the rest.
 */
final class Keeper {
  /** A burst of events is one write. */
  private static final long WRITE_DELAY_MS = 300;

  private final Store store;
  private final Loop loop;
  private final Mirror mirror;
  private final Person person;
  private final Set<LiveThread> threads = new LinkedHashSet<>();
  private boolean session;
  private Loop.Timer timer;

  Keeper(Store store, Loop loop, Mirror mirror, Person person) {
    this.store = store;
    this.loop = loop;
    this.mirror = mirror;
    this.person = person;
  }

  void session() {
    session = true;
    soon();
  }

  void thread(LiveThread thread) {
    threads.add(thread);
    soon();
  }

  /** Writes now. */
  void flush() {
    drop();
    if (session) store.saveSession(new StoredSession(person, mirror.listPositions(), mirror.list().all()));
    session = false;
    for (LiveThread thread : threads) write(thread);
    threads.clear();
  }

  /** Forgets what is not written yet. */
  void drop() {
    if (timer != null) timer.cancel();
    timer = null;
  }

  private void soon() {
    if (timer == null) timer = loop.after(WRITE_DELAY_MS, this::flush);
  }

  private void write(LiveThread thread) {
    Position position = mirror.position(Streams.ofConversation(thread.id));
    List<Event> events = thread.events();
    if (!thread.isLoaded() || events.isEmpty() || position == null || position.epoch.isEmpty()) return;
    List<Event> newest = events.subList(Math.max(0, events.size() - Store.KEPT_EVENTS), events.size());
    store.saveThread(person.id, new StoredThread(thread.id, position.epoch, newest, thread.openedAt()), thread.unstoredFrom());
    thread.stored();
  }
}
