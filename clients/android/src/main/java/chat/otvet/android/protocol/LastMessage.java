package chat.otvet.android.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** The newest message of a conversation, cut to a preview. */
public final class LastMessage {
  public final long seq;
  /** RFC 3339, UTC, milliseconds. */
  public final String at;
  public final Person author;
  public final String body;

  public LastMessage(long seq, String at, Person author, String body) {
    this.seq = seq;
    this.at = at;
    this.author = author;
    this.body = body;
  }

  static LastMessage read(Tree tree) throws MalformedFrameException {
    return tree == null ? null : new LastMessage(tree.number("seq"), tree.text("at"), Person.read(tree.object("author")), tree.text("body"));
  }

  Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("seq", seq);
    tree.put("at", at);
    tree.put("author", author.toTree());
    tree.put("body", body);
    return tree;
  }
}
