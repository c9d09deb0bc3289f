package chat.otvet.android.store;

import chat.otvet.android.protocol.Event;
import java.util.List;

/** The newest part of a thread together with the position that it reaches, so that the two never disagree. */
public final class StoredThread {
  public final String conversation;
  public final String epoch;
  /** In order, without a gap; the number of the last one is the position. Never empty. */
  public final List<Event> events;
  /** When it was last looked at, milliseconds since 1970. */
  public final long openedAt;

  public StoredThread(String conversation, String epoch, List<Event> events, long openedAt) {
    this.conversation = conversation;
    this.epoch = epoch;
    this.events = events;
    this.openedAt = openedAt;
  }

  public long lastSeq() {
    return events.get(events.size() - 1).seq;
  }
}
