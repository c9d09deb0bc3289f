package chat.otvet.android.delivery;

import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.protocol.Limits;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.store.QueuedItem;
import java.util.List;
import java.util.Map;

/** How things stand, for the screens. Immutable. */
public final class ClientView {
  public final ConnectionState state;
  public final Person me;
  public final Limits limits;
  /** The most recently changed first. */
  public final List<Summary> conversations;
  /** Everything that is not acknowledged, refused items included. */
  public final List<QueuedItem> queue;
  /** Who is writing, by conversation. */
  public final Map<String, Person> typing;

  ClientView(ConnectionState state, Person me, Limits limits, List<Summary> conversations, List<QueuedItem> queue, Map<String, Person> typing) {
    this.state = state;
    this.me = me;
    this.limits = limits;
    this.conversations = conversations;
    this.queue = queue;
    this.typing = typing;
  }

  /** Null when it is not in the list. */
  public Summary conversation(String id) {
    for (Summary conversation : conversations) if (conversation.id.equals(id)) return conversation;
    return null;
  }

  /** Whether something is still to be sent by itself. */
  public boolean hasUnsent() {
    for (QueuedItem item : queue) if (item.state != QueuedItem.State.REFUSED) return true;
    return false;
  }
}
