package chat.otvet.android.delivery;

import chat.otvet.android.connection.Answer;
import chat.otvet.android.connection.Backoff;
import chat.otvet.android.connection.Loop;
import chat.otvet.android.protocol.Command;
import chat.otvet.android.protocol.ServerFrame.Ok;
import chat.otvet.android.protocol.ServerFrame.Refusal;
import chat.otvet.android.store.QueuedItem;
import chat.otvet.android.store.QueuedItem.State;
import chat.otvet.android.store.Store;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

/**
 * The outgoing queue. Items of one conversation go out one after another in their order, different conversations side by
 * side. An item is in the store before it is sent and leaves it only when the server has acknowledged it.
 */
public final class OutgoingQueue {
  /** What the queue needs of the client. */
  public interface Host {
    void ask(Command command, Answer answer);

    void queueChanged();

    void sent(QueuedItem item, Ok ok);
  }

  /** A server that fails this often on one item will not do better: the person decides, and the others go on. */
  static final int INTERNAL_TRIES = 5;
  private static final int MAX_BACKOFF_STEP = 6;

  private final Store store;
  private final Loop loop;
  private final DoubleSupplier random;
  private final Supplier<String> newKey;
  private final Host host;
  private final Map<String, Integer> tries = new HashMap<>();
  private String owner;
  private List<QueuedItem> items = Collections.emptyList();
  private boolean online;
  /** The timer of a pause that the server asked for; nothing goes out before it. */
  private Loop.Timer pause;
  private int failures;

  public OutgoingQueue(Store store, Loop loop, DoubleSupplier random, Supplier<String> newKey, Host host) {
    this.store = store;
    this.loop = loop;
    this.random = random;
    this.newKey = newKey;
    this.host = host;
  }

  /** Refused ones included, in order. Does not change; a later call has a newer list. */
  public List<QueuedItem> items() {
    return items;
  }

  /** The items of a conversation. */
  public List<QueuedItem> of(String conversation) {
    List<QueuedItem> some = new ArrayList<>();
    for (QueuedItem item : items) if (conversation.equals(item.conversation)) some.add(item);
    return some;
  }

  public void load(String person) {
    owner = person;
    change(store.queue(person));
  }

  /** Keeps it for good, then tries. A null conversation makes it a question. */
  public QueuedItem add(String conversation, String subject, String body) {
    if (owner == null) throw new IllegalStateException("nobody is signed in, so there is no queue to put this in");
    long newest = items.isEmpty() ? 0 : items.get(items.size() - 1).order;
    long now = loop.now();
    QueuedItem item =
        new QueuedItem(newKey.get(), owner, Math.max(now * 1000, newest + 1), now, conversation, subject, body, State.QUEUED, null);
    store.put(item);
    List<QueuedItem> next = new ArrayList<>(items);
    next.add(item);
    change(next);
    pump();
    return item;
  }

  /** Sends a refused item again, under its key. */
  public void retry(String key) {
    QueuedItem item = find(key);
    if (item == null || item.state != State.REFUSED) return;
    tries.remove(key);
    QueuedItem again = item.in(State.QUEUED);
    store.put(again);
    replace(again);
    pump();
  }

  /** Takes an item out for good, unless it is being sent at this moment. */
  public void discard(String key) {
    QueuedItem item = find(key);
    if (item != null && item.state != State.SENDING) drop(key);
  }

  /** The item's event was seen. */
  public void confirm(String key) {
    if (find(key) == null) return;
    drop(key);
    pump();
  }

  public void online() {
    online = true;
    failures = 0;
    pump();
  }

  /** Whatever was under way is answered as unknown by the connection and waits here again. */
  public void offline() {
    online = false;
    endPause();
  }

  private void pump() {
    if (!online || pause != null) return;
    Set<String> busy = new HashSet<>();
    for (QueuedItem item : items) {
      if (item.state == State.REFUSED) continue;
      // Questions are one lane as well: they are asked in the order in which they were written.
      String lane = item.conversation == null ? "" : item.conversation;
      if (busy.add(lane) && item.state == State.QUEUED) send(item);
    }
  }

  private void send(QueuedItem item) {
    replace(item.in(State.SENDING));
    Command command =
        item.isQuestion() ? Command.open(item.key, item.subject, item.body) : Command.send(item.conversation, item.key, item.body);
    host.ask(command, new Answer() {
      @Override
      public void ok(Ok ok) {
        failures = 0;
        host.sent(item, ok);
        drop(item.key);
        pump();
      }

      @Override
      public void refused(Refusal refusal) {
        judge(item, refusal);
        pump();
      }

      @Override
      public void unknown() {
        if (find(item.key) != null) replace(item.in(State.QUEUED));
      }
    });
  }

  private void judge(QueuedItem item, Refusal refusal) {
    if (find(item.key) == null) return;
    int tried = tries.merge(item.key, 1, Integer::sum);
    boolean givenUp = refusal.code.equals("internal") && tried >= INTERNAL_TRIES;
    if (refusal.isPassing() && !givenUp) {
      replace(item.in(State.QUEUED));
      pauseFor(refusal.retryAfterMs);
    } else if (refusal.code.equals("unauthorized")) {
      // The socket closes with 4401 at once; the words wait for whoever signs in.
      replace(item.in(State.QUEUED));
      online = false;
    } else {
      QueuedItem refused = item.refusedWith(refusal.code);
      store.put(refused);
      replace(refused);
    }
  }

  private void pauseFor(long atLeastMs) {
    endPause();
    long delay = Backoff.delay(Math.min(failures++, MAX_BACKOFF_STEP), random.getAsDouble(), atLeastMs);
    pause = loop.after(delay, () -> {
      pause = null;
      pump();
    });
  }

  private void endPause() {
    if (pause != null) pause.cancel();
    pause = null;
  }

  private QueuedItem find(String key) {
    for (QueuedItem item : items) if (item.key.equals(key)) return item;
    return null;
  }

  private void drop(String key) {
    tries.remove(key);
    store.remove(key);
    List<QueuedItem> next = new ArrayList<>(items);
    next.removeIf(item -> item.key.equals(key));
    change(next);
  }

  private void replace(QueuedItem next) {
    List<QueuedItem> all = new ArrayList<>(items);
    all.replaceAll(item -> item.key.equals(next.key) ? next : item);
    change(all);
  }

  private void change(List<QueuedItem> next) {
    items = Collections.unmodifiableList(next);
    host.queueChanged();
  }
}
