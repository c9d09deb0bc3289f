package chat.otvet.android.protocol;

import java.util.LinkedHashMap;
import java.util.Map;

/** A frame of the client without its {@code id}, which the connection gives it. */
public final class Command {
  public final String type;
  private final Map<String, Object> fields = new LinkedHashMap<>();

  private Command(String type) {
    this.type = type;
  }

  private Command with(String name, Object value) {
    if (value != null) fields.put(name, value);
    return this;
  }

  private static Command about(String type, String conversation) {
    return new Command(type).with("conversation", conversation);
  }

  /** The frame as it is sent. Only {@code typing}, which has no answer, goes without an id. */
  public Map<String, Object> toTree(Object id) {
    Map<String, Object> tree = new LinkedHashMap<>();
    if (id != null) tree.put("id", id);
    tree.put("type", type);
    tree.putAll(fields);
    return tree;
  }

  public static Command hello(String token, String device, Map<String, Position> positions) {
    Map<String, Object> places = new LinkedHashMap<>();
    for (Map.Entry<String, Position> place : positions.entrySet()) places.put(place.getKey(), place.getValue().toTree());
    return new Command("hello").with("token", token).with("device", device).with("positions", places.isEmpty() ? null : places);
  }

  public static Command open(String key, String subject, String body) {
    return new Command("open").with("key", key).with("subject", subject).with("body", body);
  }

  public static Command send(String conversation, String key, String body) {
    return about("send", conversation).with("key", key).with("body", body);
  }

  public static Command resolve(String conversation) {
    return about("resolve", conversation);
  }

  public static Command reopen(String conversation) {
    return about("reopen", conversation);
  }

  public static Command read(String conversation, long seq) {
    return about("read", conversation).with("seq", seq);
  }

  public static Command delivered(String conversation, long seq) {
    return about("delivered", conversation).with("seq", seq);
  }

  public static Command typing(String conversation) {
    return about("typing", conversation);
  }

  /** The newest events. */
  public static Command newest(String conversation, int limit) {
    return about("history", conversation).with("limit", limit);
  }

  /** The newest events with a smaller number. */
  public static Command before(String conversation, long seq, int limit) {
    return about("history", conversation).with("before", seq).with("limit", limit);
  }

  /** The oldest events with a greater number. */
  public static Command after(String conversation, long seq, int limit) {
    return about("history", conversation).with("after", seq).with("limit", limit);
  }

  public static Command ping() {
    return new Command("ping");
  }
}
