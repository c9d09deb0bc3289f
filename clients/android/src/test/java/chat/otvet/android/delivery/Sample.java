package chat.otvet.android.delivery;

import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.MalformedFrameException;
import chat.otvet.android.protocol.ServerFrame;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.protocol.Tree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Frames for tests, made as the wire makes them. */
public final class Sample {
  private Sample() {}

  public static Map<String, Object> person(String id) {
    return tree("id", id, "role", id.equals("u2") ? "manager" : "visitor", "name", id.equals("u2") ? "Mark" : "Anna");
  }

  public static Map<String, Object> messageTree(String conversation, long seq, String author, String body) {
    return tree("type", "event", "stream", "conversation/" + conversation, "seq", seq, "at", at(seq), "kind", "message", "author", person(author),
        "body", body, "key", "k" + seq, "attachments", new ArrayList<>());
  }

  public static Event message(String conversation, long seq, String author, String body) {
    return read(messageTree(conversation, seq, author, body));
  }

  public static Event event(String stream, long seq, String kind) {
    return read(tree("stream", stream, "seq", seq, "at", at(seq), "kind", kind, "token_id", 7L));
  }

  public static Event claimed(String conversation, long seq) {
    return read(tree("stream", "conversation/" + conversation, "seq", seq, "at", at(seq), "kind", "claimed", "manager", person("u2")));
  }

  public static Map<String, Object> summaryTree(String id, long lastSeq, long unread) {
    return tree("id", id, "subject", "About " + id, "status", "claimed", "visitor", person("u7"), "manager", person("u2"), "last_seq", lastSeq,
        "last_message", tree("seq", lastSeq, "at", at(lastSeq), "author", person("u2"), "body", "message " + lastSeq), "unread", unread, "cursors",
        tree("u7", tree("delivered", 0L, "read", 0L)), "opened_at", at(1), "updated_at", at(lastSeq));
  }

  public static Summary summary(String id, long lastSeq, long unread) {
    try {
      return Summary.read(new Tree(summaryTree(id, lastSeq, unread)));
    } catch (MalformedFrameException e) {
      throw new AssertionError(e);
    }
  }

  /** {@code streams} and {@code recovered} as pairs of a name and its value. */
  public static Map<String, Object> ready(List<Object> conversations, Map<String, Object> streams, Map<String, Object> recovered) {
    return tree("type", "ready", "id", 1L, "person", person("u7"), "session", "s", "epoch", "E", "heartbeat_s", 25L, "streams", streams,
        "conversations", conversations, "recovered", recovered, "limits", tree("unanswered_commands", 4L));
  }

  public static ServerFrame frame(Map<String, Object> tree) {
    try {
      return ServerFrame.read(tree);
    } catch (MalformedFrameException e) {
      throw new AssertionError(e);
    }
  }

  public static Map<String, Object> position(String epoch, long seq) {
    return tree("epoch", epoch, "seq", seq);
  }

  public static Map<String, Object> tree(Object... namesAndValues) {
    Map<String, Object> tree = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) tree.put((String) namesAndValues[i], namesAndValues[i + 1]);
    return tree;
  }

  private static String at(long seq) {
    return String.format("2026-11-24T08:%02d:%02d.000Z", seq / 60 % 60, seq % 60);
  }

  private static Event read(Map<String, Object> tree) {
    try {
      return Event.read(new Tree(tree));
    } catch (MalformedFrameException e) {
      throw new AssertionError(e);
    }
  }
}
