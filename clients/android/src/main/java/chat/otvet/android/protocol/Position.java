package chat.otvet.android.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** A place in a stream: everything up to and including {@code seq} of this numbering is known. */
public final class Position {
  /** Empty while it is not known. */
  public final String epoch;
  public final long seq;

  public Position(String epoch, long seq) {
    this.epoch = epoch;
    this.seq = seq;
  }

  public static Position read(Tree tree) throws MalformedFrameException {
    return tree == null ? null : new Position(tree.text("epoch"), tree.number("seq"));
  }

  public Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("epoch", epoch);
    tree.put("seq", seq);
    return tree;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Position && ((Position) other).epoch.equals(epoch) && ((Position) other).seq == seq;
  }

  @Override
  public int hashCode() {
    return epoch.hashCode() * 31 + Long.hashCode(seq);
  }

  @Override
  public String toString() {
    return epoch + ":" + seq;
  }
}
