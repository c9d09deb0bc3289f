package chat.otvet.android.protocol;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/**
 * Reads an object of a decoded frame. Both encodings decode to the same trees: maps with text keys, lists, text, {@link
 * Long}, {@link Double}, {@link Boolean} and null. Fields that nobody asks for are passed over, as the contract wants.
 */
public final class Tree {
  private final Map<String, Object> fields;

  public Tree(Map<String, Object> fields) {
    this.fields = fields;
  }

  public boolean has(String name) {
    return fields.get(name) != null;
  }

  public Iterable<String> names() {
    return fields.keySet();
  }

  public String text(String name) throws MalformedFrameException {
    return required(name, optionalText(name));
  }

  public String optionalText(String name) throws MalformedFrameException {
    return cast(name, String.class);
  }

  public long number(String name) throws MalformedFrameException {
    return required(name, cast(name, Long.class));
  }

  public long numberOr(String name, long other) throws MalformedFrameException {
    Long value = cast(name, Long.class);
    return value == null ? other : value;
  }

  public boolean flag(String name) throws MalformedFrameException {
    Boolean value = cast(name, Boolean.class);
    return value != null && value;
  }

  public Tree object(String name) throws MalformedFrameException {
    return required(name, optionalObject(name));
  }

  public Tree optionalObject(String name) throws MalformedFrameException {
    Object value = fields.get(name);
    return value == null ? null : of(value);
  }

  /** The objects of a list; empty when the field is not there. */
  public List<Tree> objects(String name) throws MalformedFrameException {
    List<?> values = cast(name, List.class);
    if (values == null) return Collections.emptyList();
    List<Tree> trees = new ArrayList<>(values.size());
    for (Object value : values) trees.add(of(value));
    return trees;
  }

  @SuppressWarnings("unchecked")
  static Tree of(Object value) throws MalformedFrameException {
    if (!(value instanceof Map)) throw new MalformedFrameException("an object was expected");
    return new Tree((Map<String, Object>) value);
  }

  private <T> T cast(String name, Class<T> type) throws MalformedFrameException {
    Object value = fields.get(name);
    if (value == null) return null;
    if (!type.isInstance(value)) throw new MalformedFrameException("the field " + name + " is no " + type.getSimpleName());
    return type.cast(value);
  }

  private static <T> T required(String name, T value) throws MalformedFrameException {
    if (value == null) throw new MalformedFrameException("the field " + name + " is missing");
    return value;
  }
}
