package chat.otvet.android.delivery;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.store.QueuedItem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A conversation as it is known here: its events without a gap up to the newest, and one's own messages that are not among
 * them yet. No I/O; {@link Mirror} feeds it.
 */
public final class LiveThread {
  /** How far back the key of an acknowledged message is looked for. */
  private static final int RECENT = 200;

  public final String id;
  private final List<Event> events = new ArrayList<>();
  /** Events that came while the newest ones were being fetched. */
  private final List<Event> early = new ArrayList<>();
  /** Acknowledged, but the event itself is still on its way. */
  private final List<QueuedItem> settling = new ArrayList<>();
  private boolean loaded;
  private boolean loading;
  private long openedAt;
  /** The first number that the store does not have yet; 0 when it has nothing that fits. */
  private long unstoredFrom;
  private List<Event> snapshot;

  LiveThread(String id) {
    this.id = id;
  }

  /** In order of {@code seq}, from the oldest loaded one to the newest. Does not change; a later call has a newer list. */
  public List<Event> events() {
    if (snapshot == null) snapshot = Collections.unmodifiableList(new ArrayList<>(events));
    return snapshot;
  }

  /** The newest events are here; before, there are none. */
  public boolean isLoaded() {
    return loaded;
  }

  public boolean isLoading() {
    return loading;
  }

  /** Numbers begin with 1 and have no gap, so the first one tells whether there are older events. */
  public boolean hasMore() {
    return !loaded || firstSeq() > 1;
  }

  public long lastSeq() {
    return events.isEmpty() ? 0 : events.get(events.size() - 1).seq;
  }

  long firstSeq() {
    return events.isEmpty() ? 0 : events.get(0).seq;
  }

  /** What is still on its way, in the order of sending: acknowledged ones first, then {@code queued}. */
  public List<QueuedItem> pending(List<QueuedItem> queued) {
    Set<String> keys = new HashSet<>();
    for (QueuedItem item : queued) keys.add(item.key);
    List<QueuedItem> pending = new ArrayList<>();
    for (QueuedItem item : settling) if (!keys.contains(item.key)) pending.add(item);
    pending.addAll(queued);
    return pending;
  }

  long openedAt() {
    return openedAt;
  }

  void openedAt(long time) {
    openedAt = time;
  }

  void loading(boolean now) {
    loading = now;
  }

  long unstoredFrom() {
    return unstoredFrom;
  }

  void stored() {
    unstoredFrom = lastSeq() + 1;
  }

  List<Event> early() {
    return early;
  }

  /** Takes over a snapshot or the newest page. */
  void fill(List<Event> newest) {
    events.clear();
    events.addAll(newest);
    early.clear();
    loaded = true;
    unstoredFrom = 0;
    changed();
  }

  /** The next event of the stream. Whoever calls has made sure of the order. */
  void append(Event event) {
    if (!loaded) {
      if (loading) early.add(event);
      return;
    }
    if (event.seq <= lastSeq()) return;
    events.add(event);
    changed();
  }

  /** Puts older events before those that are here. */
  void prepend(List<Event> older) {
    long first = firstSeq();
    List<Event> fitting = new ArrayList<>();
    for (Event event : older) if (event.seq < first) fitting.add(event);
    events.addAll(0, fitting);
    changed();
  }

  /** The item was acknowledged; it is shown until its event takes its place. */
  void acknowledged(QueuedItem item, long seq) {
    if (loaded && seq > lastSeq()) settling.add(item);
  }

  private void changed() {
    snapshot = null;
    if (settling.isEmpty()) return;
    Set<String> arrived = new HashSet<>();
    for (Event event : events.subList(Math.max(0, events.size() - RECENT), events.size())) if (event.key != null) arrived.add(event.key);
    settling.removeIf(item -> arrived.contains(item.key));
  }
}
