package chat.otvet.android.notification;

import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides what is worth a notification: the newest message of a conversation, once, when it is of somebody else and not
 * read. Pure; works from the list, so that it is right after any absence.
 */
final class Notices {
  /** The newest message that was told of, or was seen without being told, by conversation. */
  private final Map<String, Long> told = new HashMap<>();

  void restore(Map<String, Long> stored) {
    for (Map.Entry<String, Long> one : stored.entrySet()) told.merge(one.getKey(), one.getValue(), Math::max);
  }

  void clear() {
    told.clear();
  }

  /** Conversations with something new to tell; from now on they count as told. */
  List<Summary> take(List<Summary> conversations, Person me) {
    List<Summary> fresh = new ArrayList<>();
    for (Summary conversation : conversations) {
      if (conversation.lastMessage == null || conversation.unread == 0 || me.wrote(conversation.lastMessage.author)) continue;
      if (conversation.lastMessage.seq <= told.getOrDefault(conversation.id, 0L)) continue;
      told.put(conversation.id, conversation.lastMessage.seq);
      fresh.add(conversation);
    }
    return fresh;
  }
}
