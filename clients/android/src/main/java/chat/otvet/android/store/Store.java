package chat.otvet.android.store;

import java.util.List;
import java.util.Map;

/** Storage on the device. Each method is one transaction. Used on the loop only. */
public interface Store {
  /** Threads whose positions are kept and sent in {@code hello}. */
  int KEPT_THREADS = 20;
  /** Events of a kept thread; older ones are fetched when they are scrolled to. */
  int KEPT_EVENTS = 200;

  /** Null when nothing is known of that person. */
  StoredSession session(String owner);

  void saveSession(StoredSession session);

  /** The threads of a person, the most recently opened first. */
  List<StoredThread> threads(String owner);

  /**
   * Writes a thread.
   *
   * @param from the events from this number on are new to the store; 0 replaces all of them
   */
  void saveThread(String owner, StoredThread thread, long from);

  /** The outgoing queue of a person, in its order. */
  List<QueuedItem> queue(String owner);

  void put(QueuedItem item);

  void remove(String key);

  /** Hands unsent items and drafts to another owner: a guest has become an account. */
  void adopt(String from, String to);

  /** What was typed and not sent; the conversation is empty for a new question. Null when there is nothing. */
  String draft(String owner, String conversation);

  /** Null or empty text forgets it. */
  void saveDraft(String owner, String conversation, String text);

  /** The number of the newest message of each conversation that a notification told of. */
  Map<String, Long> notified(String owner);

  void saveNotified(String owner, String conversation, long seq);

  /** Forgets a person's list and threads. Queue and drafts stay: they hold unsent words. */
  void forget(String owner);
}
