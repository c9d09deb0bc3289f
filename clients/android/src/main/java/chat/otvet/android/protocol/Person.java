package chat.otvet.android.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** Somebody, as they were when it was said. */
public final class Person {
  /** {@code u7} for an account, {@code g12} for a guest. */
  public final String id;
  public final String role;
  public final String name;

  public Person(String id, String role, String name) {
    this.id = id;
    this.role = role;
    this.name = name;
  }

  static Person read(Tree tree) throws MalformedFrameException {
    return tree == null ? null : new Person(tree.text("id"), tree.text("role"), tree.text("name"));
  }

  /** From a REST answer or the store. */
  public static Person of(Map<String, Object> tree) throws MalformedFrameException {
    return read(new Tree(tree));
  }

  public Map<String, Object> toTree() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("id", id);
    tree.put("role", role);
    tree.put("name", name);
    return tree;
  }

  public boolean isGuest() {
    return id.startsWith("g");
  }

  public boolean isVisitor() {
    return "visitor".equals(role);
  }

  /**
   * Whether {@code author} is this person. A conversation has one visitor only, so a visitor with another id is the same
   * person from the time as a guest.
   */
  public boolean wrote(Person author) {
    return author.id.equals(id) || (author.isVisitor() && isVisitor());
  }
}
