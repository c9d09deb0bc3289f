package chat.otvet.android.delivery;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.store.QueuedItem;
import java.util.List;

/** A conversation as its screen shows it. Immutable. */
public final class ThreadView {
  public final String id;
  /** In order, without a gap, from the oldest loaded one to the newest. The same list until something changes. */
  public final List<Event> events;
  /** One's own messages that are not among the events yet, in the order of sending. */
  public final List<QueuedItem> pending;
  public final boolean hasMore;
  public final boolean loading;
  public final boolean loaded;
  /** Null while it is not known. */
  public final Summary summary;
  public final ClientView client;

  ThreadView(LiveThread thread, List<QueuedItem> pending, Summary summary, ClientView client) {
    this.id = thread.id;
    this.events = thread.events();
    this.pending = pending;
    this.hasMore = thread.hasMore();
    this.loading = thread.isLoading();
    this.loaded = thread.isLoaded();
    this.summary = summary;
    this.client = client;
  }
}
