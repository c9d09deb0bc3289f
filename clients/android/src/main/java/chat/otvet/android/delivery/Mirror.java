package chat.otvet.android.delivery;

import chat.otvet.android.connection.Answer;
import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Position;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Ready;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import chat.otvet.android.protocol.ServerFrame.Reset;
import chat.otvet.android.protocol.ServerFrame.Signal;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.store.Store;
import chat.otvet.android.store.StoredSession;
import chat.otvet.android.store.StoredThread;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * This device's copy of the streams: positions, the list of conversations and the open threads. The rules of delivery are
 * kept here: an event is applied only in its turn, a doubled one is dropped, a gap is filled before anything later is shown.
 */
public final class Mirror {
  /** What the mirror needs of the client. */
  public interface Host {
    /** Asks for a page, again when the server refuses it for now. */
    void askHistory(Command command, Answer answer);

    /** Starts over on a new socket, from the positions. */
    void restart();

    Person me();

    /** An event was applied: in order, each once. */
    void applied(Event event);

    /** Something that is shown has changed. */
    void changed();

    /** The list or its positions are worth keeping. */
    void keepSession();

    void keepThread(LiveThread thread);
  }

  private static final int PAGE = 50;
  private static final int HEAL_PAGE = 200;

  private final Host host;
  private final Streams streams = new Streams();
  private final ConversationList list = new ConversationList();
  private final Map<String, LiveThread> threads = new HashMap<>();
  private final Set<String> healing = new HashSet<>();
  /** Heads of the list's streams at {@code ready}: entries up to there are in its conversations already. */
  private final Map<String, Long> listHeads = new HashMap<>();

  public Mirror(Host host) {
    this.host = host;
  }

  public ConversationList list() {
    return list;
  }

  public Position position(String stream) {
    return streams.position(stream);
  }

  /** The thread, made when it is new; loading it is the caller's business. */
  public LiveThread thread(String id) {
    return threads.computeIfAbsent(id, LiveThread::new);
  }

  /** Null when nothing is held of it. */
  public LiveThread known(String id) {
    return threads.get(id);
  }

  public void restore(StoredSession session, List<StoredThread> stored) {
    list.replaceAll(session.conversations);
    for (Map.Entry<String, Position> position : session.positions.entrySet()) streams.set(position.getKey(), position.getValue());
    for (StoredThread one : stored) {
      LiveThread thread = thread(one.conversation);
      thread.openedAt(one.openedAt);
      thread.fill(one.events);
      thread.stored();
      streams.set(Streams.ofConversation(one.conversation), new Position(one.epoch, one.lastSeq()));
    }
  }

  /** For {@code hello}: the list's streams and the newest threads. Threads beyond those are healed once {@code ready} has come. */
  public Map<String, Position> positions() {
    List<LiveThread> newest = new ArrayList<>();
    for (LiveThread thread : threads.values()) if (thread.isLoaded()) newest.add(thread);
    newest.sort((a, b) -> Long.compare(b.openedAt(), a.openedAt()));
    Map<String, Position> positions = listPositions();
    for (LiveThread thread : newest.subList(0, Math.min(newest.size(), Store.KEPT_THREADS))) keepKnown(positions, Streams.ofConversation(thread.id));
    return positions;
  }

  /** Positions of the own session and inbox streams. */
  public Map<String, Position> listPositions() {
    Map<String, Position> positions = new LinkedHashMap<>();
    for (String name : streams.names()) if (Streams.conversationOf(name) == null) keepKnown(positions, name);
    return positions;
  }

  public void lost() {
    streams.dropHeld();
    healing.clear();
  }

  public void ready(Ready ready) {
    streams.setConversationEpoch(ready.epoch);
    list.replaceAll(ready.conversations);
    listHeads.clear();
    for (Map.Entry<String, Position> head : ready.streams.entrySet()) {
      String name = head.getKey();
      String id = Streams.conversationOf(name);
      if (id == null) listHeads.put(name, head.getValue().seq);
      LiveThread thread = id == null ? null : threads.get(id);
      boolean loaded = thread != null && thread.isLoaded();
      if (!ready.recovered.containsKey(name) && !loaded) streams.set(name, head.getValue());
    }
    for (LiveThread thread : threads.values()) {
      String stream = Streams.ofConversation(thread.id);
      if (thread.isLoaded() && !ready.recovered.containsKey(stream)) resumeAt(thread, ready.streams.get(stream));
    }
    host.keepSession();
    host.changed();
  }

  public void event(Event event) {
    switch (streams.admit(event)) {
      case DUPLICATE:
        return;
      case GAP:
        heal(event.stream);
        return;
      default:
        apply(event);
        for (Event next = streams.nextHeld(event.stream); next != null; next = streams.nextHeld(event.stream)) apply(next);
    }
  }

  public void reset(Reset reset) {
    streams.set(reset.stream, reset.position);
    if (reset.conversation != null) {
      list.upsert(reset.conversation, host.me());
      LiveThread thread = threads.get(reset.conversation.id);
      if (thread != null) {
        thread.fill(reset.events);
        host.keepThread(thread);
      }
    } else {
      list.replaceAll(reset.conversations);
      listHeads.put(reset.stream, reset.position.seq);
      host.keepSession();
    }
    host.changed();
  }

  public void signal(Signal signal) {
    list.apply(signal, host.me());
    host.changed();
  }

  public void upsert(Summary conversation) {
    list.upsert(conversation, host.me());
    host.keepSession();
    host.changed();
  }

  /** Adds what REST tells of conversations that are not in the list yet. */
  public void addOlder(Collection<Summary> conversations) {
    for (Summary conversation : conversations) list.upsert(conversation, host.me());
    host.changed();
  }

  public void markRead(String id, long seq) {
    Person me = host.me();
    if (me == null) return;
    list.markRead(id, me, seq);
    host.keepSession();
    host.changed();
  }

  /** Loads the newest events of a thread that has none, or the next older ones of one that has. */
  public void loadOlder(LiveThread thread) {
    if (thread.isLoading() || !thread.hasMore()) return;
    thread.loading(true);
    host.changed();
    long first = thread.firstSeq();
    if (thread.isLoaded() && first > 0) {
      page(Command.before(thread.id, first, PAGE), thread, events -> {
        // A reset may have replaced the events meanwhile; then these fit nowhere.
        if (thread.firstSeq() == first) thread.prepend(events);
        thread.loading(false);
      });
    } else {
      page(Command.newest(thread.id, PAGE), thread, events -> newest(thread, events));
    }
  }

  private interface Events {
    void came(List<Event> events);
  }

  private void page(Command command, LiveThread thread, Events then) {
    host.askHistory(command, new Answer() {
      @Override
      public void ok(Ok ok) {
        then.came(ok.events);
        host.changed();
      }

      @Override
      public void refused(Refusal refusal) {
        unknown();
      }

      @Override
      public void unknown() {
        thread.loading(false);
        host.changed();
      }
    });
  }

  /** Joins the newest page with what came live meanwhile; a hole between the two is fetched first. */
  private void newest(LiveThread thread, List<Event> fetched) {
    // A reset that came meanwhile is newer than this answer.
    if (thread.isLoaded()) {
      thread.loading(false);
      return;
    }
    List<Event> events = new ArrayList<>(fetched);
    long last = events.isEmpty() ? 0 : events.get(events.size() - 1).seq;
    for (Event event : new ArrayList<>(thread.early())) {
      if (event.seq <= last) continue;
      if (event.seq > last + 1) {
        page(Command.after(thread.id, last, HEAL_PAGE), thread, missing -> {
          if (missing.isEmpty()) thread.early().clear();
          events.addAll(missing);
          newest(thread, events);
        });
        return;
      }
      events.add(event);
      last = event.seq;
    }
    thread.loading(false);
    thread.fill(events);
    String stream = Streams.ofConversation(thread.id);
    Position known = streams.position(stream);
    String epoch = known == null || known.epoch.isEmpty() ? streams.conversationEpoch() : known.epoch;
    streams.set(stream, new Position(epoch, thread.lastSeq()));
    host.keepThread(thread);
  }

  private void apply(Event event) {
    String id = Streams.conversationOf(event.stream);
    if (id == null) applyToList(event);
    else applyToThread(id, event);
    host.applied(event);
    host.changed();
  }

  private void applyToList(Event event) {
    host.keepSession();
    if (event.seq <= listHeads.getOrDefault(event.stream, 0L)) return;
    if (event.kind.equals("upsert")) list.upsert(event.conversation, host.me());
    if (event.kind.equals("remove")) list.remove(event.conversationId);
  }

  private void applyToThread(String id, Event event) {
    list.apply(id, event, host.me());
    LiveThread thread = threads.get(id);
    if (thread == null) return;
    thread.append(event);
    if (thread.isLoaded()) host.keepThread(thread);
  }

  /** Live events start after {@code head}: what the thread lacks up to there is fetched. Null: not known. */
  private void resumeAt(LiveThread thread, Position head) {
    String stream = Streams.ofConversation(thread.id);
    streams.set(stream, new Position(head == null ? streams.conversationEpoch() : head.epoch, thread.lastSeq()));
    if (head == null || thread.lastSeq() < head.seq) heal(stream);
  }

  /** Fetches what is missing before anything later is shown. Streams without a history start over on a new socket. */
  private void heal(String stream) {
    String id = Streams.conversationOf(stream);
    if (id == null) {
      host.restart();
      return;
    }
    if (healing.add(stream)) healFrom(stream, id);
  }

  private void healFrom(String stream, String id) {
    long after = streams.seq(stream);
    host.askHistory(Command.after(id, after, HEAL_PAGE), new Answer() {
      @Override
      public void ok(Ok ok) {
        for (Event event : ok.events) event(event);
        if (!ok.more && !streams.hasHeld(stream)) {
          healing.remove(stream);
        } else if (streams.seq(stream) == after) {
          healing.remove(stream);
          host.restart();
        } else {
          healFrom(stream, id);
        }
      }

      @Override
      public void refused(Refusal refusal) {
        healing.remove(stream);
        if (refusal.code.equals("not_found")) streams.forget(stream);
        else host.restart();
      }

      @Override
      public void unknown() {
        healing.remove(stream);
      }
    });
  }

  /** A stream whose epoch is not known (it was first seen live) has no position that the server could judge. */
  private void keepKnown(Map<String, Position> positions, String name) {
    Position position = streams.position(name);
    if (position != null && !position.epoch.isEmpty()) positions.put(name, position);
  }
}
