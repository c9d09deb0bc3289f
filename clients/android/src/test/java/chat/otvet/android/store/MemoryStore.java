package chat.otvet.android.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A store that lasts as long as the test. */
public final class MemoryStore implements Store {
  private final Map<String, StoredSession> sessions = new HashMap<>();
  private final Map<String, Map<String, StoredThread>> threads = new HashMap<>();
  private final List<QueuedItem> queue = new ArrayList<>();
  private final Map<String, String> drafts = new HashMap<>();
  private final Map<String, Map<String, Long>> notified = new HashMap<>();

  @Override
  public StoredSession session(String owner) {
    return sessions.get(owner);
  }

  @Override
  public void saveSession(StoredSession session) {
    sessions.put(session.person.id, session);
  }

  @Override
  public List<StoredThread> threads(String owner) {
    return new ArrayList<>(threads.getOrDefault(owner, Map.of()).values());
  }

  @Override
  public void saveThread(String owner, StoredThread thread, long from) {
    threads.computeIfAbsent(owner, name -> new HashMap<>()).put(thread.conversation, thread);
  }

  @Override
  public List<QueuedItem> queue(String owner) {
    List<QueuedItem> own = new ArrayList<>();
    for (QueuedItem item : queue) if (item.owner.equals(owner)) own.add(item);
    own.sort(Comparator.comparingLong(item -> item.order));
    return own;
  }

  @Override
  public void put(QueuedItem item) {
    remove(item.key);
    queue.add(item);
  }

  @Override
  public void remove(String key) {
    queue.removeIf(item -> item.key.equals(key));
  }

  @Override
  public void adopt(String from, String to) {
    throw new UnsupportedOperationException("no test of this store does that");
  }

  @Override
  public String draft(String owner, String conversation) {
    return drafts.get(owner + conversation);
  }

  @Override
  public void saveDraft(String owner, String conversation, String text) {
    drafts.put(owner + conversation, text);
  }

  @Override
  public Map<String, Long> notified(String owner) {
    return notified.getOrDefault(owner, Map.of());
  }

  @Override
  public void saveNotified(String owner, String conversation, long seq) {
    notified.computeIfAbsent(owner, name -> new HashMap<>()).put(conversation, seq);
  }

  @Override
  public void forget(String owner) {
    sessions.remove(owner);
    threads.remove(owner);
  }
}
