package chat.otvet.android.protocol;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A conversation as lists show it, from the side of whoever reads it. Immutable; the {@code with…} methods make the next one. */
public final class Summary {
  public static final String WAITING = "waiting";
  public static final String CLAIMED = "claimed";
  public static final String RESOLVED = "resolved";

  public final String id;
  public final String subject;
  public final String status;
  public final Person visitor;
  public final Person manager;
  public final long lastSeq;
  public final LastMessage lastMessage;
  public final long unread;
  public final Map<String, Cursor> cursors;
  public final String openedAt;
  public final String updatedAt;

  public Summary(String id, String subject, String status, Person visitor, Person manager, long lastSeq, LastMessage lastMessage,
      long unread, Map<String, Cursor> cursors, String openedAt, String updatedAt) {
    this.id = id;
    this.subject = subject;
    this.status = status;
    this.visitor = visitor;
    this.manager = manager;
    this.lastSeq = lastSeq;
    this.lastMessage = lastMessage;
    this.unread = unread;
    this.cursors = Collections.unmodifiableMap(cursors);
    this.openedAt = openedAt;
    this.updatedAt = updatedAt;
  }

  public static Summary read(Tree tree) throws MalformedFrameException {
    if (tree == null) return null;
    Map<String, Cursor> cursors = new LinkedHashMap<>();
    Tree marks = tree.object("cursors");
    for (String person : marks.names()) cursors.put(person, Cursor.read(marks.object(person)));
    return new Summary(tree.text("id"), tree.optionalText("subject"), tree.text("status"), Person.read(tree.object("visitor")),
        Person.read(tree.optionalObject("manager")), tree.number("last_seq"), LastMessage.read(tree.optionalObject("last_message")),
        tree.number("unread"), cursors, tree.text("opened_at"), tree.text("updated_at"));
  }

  public Map<String, Object> toTree() {
    Map<String, Object> marks = new LinkedHashMap<>();
    for (Map.Entry<String, Cursor> mark : cursors.entrySet()) marks.put(mark.getKey(), mark.getValue().toTree());
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("id", id);
    tree.put("subject", subject);
    tree.put("status", status);
    tree.put("visitor", visitor.toTree());
    tree.put("manager", manager == null ? null : manager.toTree());
    tree.put("last_seq", lastSeq);
    tree.put("last_message", lastMessage == null ? null : lastMessage.toTree());
    tree.put("unread", unread);
    tree.put("cursors", marks);
    tree.put("opened_at", openedAt);
    tree.put("updated_at", updatedAt);
    return tree;
  }

  public Summary withUnread(long count) {
    return new Summary(id, subject, status, visitor, manager, lastSeq, lastMessage, count, cursors, openedAt, updatedAt);
  }

  public Summary withCursors(Map<String, Cursor> marks) {
    return new Summary(id, subject, status, visitor, manager, lastSeq, lastMessage, unread, marks, openedAt, updatedAt);
  }

  public Summary withManager(String nextStatus, Person nextManager) {
    return new Summary(id, subject, nextStatus, visitor, nextManager, lastSeq, lastMessage, unread, cursors, openedAt, updatedAt);
  }

  public Summary withMessage(LastMessage message, long count) {
    return new Summary(id, subject, status, visitor, manager, lastSeq, message, count, cursors, openedAt, updatedAt);
  }

  public Summary at(long seq, String time) {
    return new Summary(id, subject, status, visitor, manager, seq, lastMessage, unread, cursors, openedAt, time);
  }

  /** Everybody's furthest read mark but {@code me}'s: what "read" under one's own message means. */
  public long readByOthers(Person me) {
    long furthest = 0;
    for (Map.Entry<String, Cursor> mark : cursors.entrySet()) {
      boolean own = me != null && (mark.getKey().equals(me.id) || (me.isVisitor() && mark.getKey().equals(visitor.id)));
      if (!own) furthest = Math.max(furthest, mark.getValue().read);
    }
    return furthest;
  }
}
