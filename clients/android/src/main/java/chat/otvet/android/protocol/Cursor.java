package chat.otvet.android.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** How far somebody's devices have received and read a conversation. Only ever moves forward. */
public final class Cursor {
  public static final Cursor START = new Cursor(0, 0);

  public final long delivered;
  public final long read;

  public Cursor(long delivered, long read) {
    this.delivered = delivered;
    this.read = read;
  }

  static Cursor read(Tree tree) throws MalformedFrameException {
    return new Cursor(tree.number("delivered"), tree.number("read"));
  }

  Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("delivered", delivered);
    tree.put("read", read);
    return tree;
  }

  /** The furthest of both. */
  public Cursor and(Cursor other) {
    return new Cursor(Math.max(delivered, other.delivered), Math.max(read, other.read));
  }
}
