package chat.otvet.android.protocol;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Something that happened in a stream. Which of the fields are there depends on {@code kind}; the others are null. */
public final class Event extends ServerFrame {
  public final String stream;
  public final long seq;
  /** RFC 3339, UTC, milliseconds: for people to read, never to order by. */
  public final String at;
  public final String kind;
  /** Who wrote, claimed, released, resolved or reopened; of {@code opened} the visitor, of {@code transferred} who had it. */
  public final Person actor;
  /** Of {@code transferred}: who has it now. */
  public final Person to;
  public final String body;
  public final String key;
  public final String subject;
  /** Of {@code upsert}. */
  public final Summary conversation;
  /** Of {@code remove}. */
  public final String conversationId;
  /** Of {@code signed_out}; 0 otherwise. */
  public final long tokenId;

  private long time = -1;

  private Event(Tree tree) throws MalformedFrameException {
    stream = tree.text("stream");
    seq = tree.number("seq");
    at = tree.text("at");
    kind = tree.text("kind");
    String name = actorField(kind);
    actor = name == null ? null : Person.read(tree.object(name));
    to = Person.read(tree.optionalObject("to"));
    body = tree.optionalText("body");
    key = tree.optionalText("key");
    subject = tree.optionalText("subject");
    conversation = Summary.read(tree.optionalObject("conversation"));
    conversationId = tree.optionalText("conversation_id");
    tokenId = tree.numberOr("token_id", 0);
  }

  public static Event read(Tree tree) throws MalformedFrameException {
    return new Event(tree);
  }

  /** {@code at} as milliseconds since 1970. Computed once: a long thread asks for it again and again. */
  public long time() {
    if (time < 0) time = Instant.parse(at).toEpochMilli();
    return time;
  }

  public boolean isMessage() {
    return "message".equals(kind);
  }

  public Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("stream", stream);
    tree.put("seq", seq);
    tree.put("at", at);
    tree.put("kind", kind);
    if (kind.equals("opened")) tree.put("subject", subject);
    if (actor != null) tree.put(actorField(kind), actor.toTree());
    if (to != null) tree.put("to", to.toTree());
    if (body != null) tree.put("body", body);
    if (key != null) tree.put("key", key);
    if (isMessage()) tree.put("attachments", Collections.emptyList());
    if (conversation != null) tree.put("conversation", conversation.toTree());
    if (conversationId != null) tree.put("conversation_id", conversationId);
    if (tokenId != 0) tree.put("token_id", tokenId);
    return tree;
  }

  private static String actorField(String kind) {
    switch (kind) {
      case "opened":
        return "visitor";
      case "message":
      case "note":
        return "author";
      case "claimed":
      case "released":
        return "manager";
      case "transferred":
        return "from";
      case "resolved":
      case "reopened":
        return "by";
      default:
        return null;
    }
  }
}
