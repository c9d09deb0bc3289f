package chat.otvet.android.delivery;

import chat.otvet.android.protocol.Cursor;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.LastMessage;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.ServerFrame.Signal;
import chat.otvet.android.protocol.Summary;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The list of conversations, kept up to date from whole entries and, between two of those, from the events and receipts
 * themselves. An entry that is older than what is known is passed over.
 */
public final class ConversationList {
  private static final int PREVIEW = 200;
  private static final Comparator<Summary> NEWEST_FIRST =
      Comparator.comparing((Summary entry) -> entry.updatedAt).thenComparing(entry -> entry.id).reversed();

  private final Map<String, Summary> entries = new HashMap<>();
  private List<Summary> sorted;

  /** The most recently changed first; the same list until something changes. */
  public List<Summary> all() {
    if (sorted == null) {
      List<Summary> all = new ArrayList<>(entries.values());
      Collections.sort(all, NEWEST_FIRST);
      sorted = Collections.unmodifiableList(all);
    }
    return sorted;
  }

  public Summary get(String id) {
    return entries.get(id);
  }

  public void replaceAll(Collection<Summary> conversations) {
    entries.clear();
    for (Summary conversation : conversations) put(conversation);
    sorted = null;
  }

  public void upsert(Summary next, Person me) {
    Summary known = entries.get(next.id);
    if (known != null && known.lastSeq > next.lastSeq) return;
    put(known == null ? next : keepCursors(next, known, me));
  }

  public void remove(String id) {
    entries.remove(id);
    sorted = null;
  }

  /** Carries a conversation's own event over into its entry. */
  public void apply(String id, Event event, Person me) {
    Summary entry = entries.get(id);
    if (entry == null || event.seq <= entry.lastSeq) return;
    put(changed(entry, event, me).at(event.seq, event.at));
  }

  public void apply(Signal signal, Person me) {
    boolean read = signal.kind.equals("read");
    if (!read && !signal.kind.equals("delivered")) return;
    if (read && me != null && signal.person.id.equals(me.id)) markRead(signal.conversation, me, signal.seq);
    else mark(signal.conversation, signal.person.id, new Cursor(signal.seq, read ? signal.seq : 0));
  }

  /** The own mark, shown before the server confirms it: it can only move forward. */
  public void markRead(String id, Person me, long seq) {
    mark(id, me.id, new Cursor(seq, seq));
    Summary entry = entries.get(id);
    if (entry == null || entry.unread == 0) return;
    if (seq >= (entry.lastMessage == null ? 0 : entry.lastMessage.seq)) put(entry.withUnread(0));
  }

  private void mark(String id, String person, Cursor to) {
    Summary entry = entries.get(id);
    if (entry == null) return;
    Map<String, Cursor> cursors = new LinkedHashMap<>(entry.cursors);
    Cursor known = cursors.get(person);
    cursors.put(person, known == null ? to : known.and(to));
    put(entry.withCursors(cursors));
  }

  private void put(Summary entry) {
    entries.put(entry.id, entry);
    sorted = null;
  }

  private static Summary keepCursors(Summary next, Summary known, Person me) {
    Map<String, Cursor> cursors = new LinkedHashMap<>(next.cursors);
    for (Map.Entry<String, Cursor> mark : known.cursors.entrySet()) {
      Cursor other = cursors.get(mark.getKey());
      cursors.put(mark.getKey(), other == null ? mark.getValue() : other.and(mark.getValue()));
    }
    Cursor own = me == null ? null : cursors.get(me.id);
    boolean readAll = own != null && next.lastMessage != null && own.read >= next.lastMessage.seq;
    Summary merged = next.withCursors(cursors);
    return readAll ? merged.withUnread(0) : merged;
  }

  private static Summary changed(Summary entry, Event event, Person me) {
    switch (event.kind) {
      case "message":
        boolean own = me != null && me.wrote(event.actor);
        return entry.withMessage(new LastMessage(event.seq, event.at, event.actor, preview(event.body)), own ? entry.unread : entry.unread + 1);
      case "claimed":
        return entry.withManager(Summary.CLAIMED, event.actor);
      case "released":
        return entry.withManager(Summary.WAITING, null);
      case "transferred":
        return entry.withManager(Summary.CLAIMED, event.to);
      case "resolved":
        return entry.withManager(Summary.RESOLVED, entry.manager);
      case "reopened":
        return entry.withManager(entry.manager == null ? Summary.WAITING : Summary.CLAIMED, entry.manager);
      default:
        return entry;
    }
  }

  private static String preview(String body) {
    int characters = body.codePointCount(0, body.length());
    return characters <= PREVIEW ? body : body.substring(0, body.offsetByCodePoints(0, PREVIEW));
  }
}
