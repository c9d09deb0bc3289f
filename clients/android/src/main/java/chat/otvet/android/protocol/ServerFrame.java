package chat.otvet.android.protocol;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A frame of the server. */
public abstract class ServerFrame {
  ServerFrame() {}

  /**
   * Reads a decoded frame. Null for a {@code type} that this version does not know: contract version 1 grows by adding, so
   * an unknown frame is passed over.
   */
  public static ServerFrame read(Map<String, Object> decoded) throws MalformedFrameException {
    Tree tree = new Tree(decoded);
    switch (tree.text("type")) {
      case "ready":
        return new Ready(tree);
      case "ok":
        return new Ok(tree, decoded.get("id"));
      case "error":
        return new Refusal(tree, decoded.get("id"));
      case "event":
        return Event.read(tree);
      case "reset":
        return new Reset(tree);
      case "signal":
        return new Signal(tree);
      case "bye":
        return new Bye(tree.number("retry_after_ms"));
      default:
        return null;
    }
  }

  static List<Summary> summaries(List<Tree> trees) throws MalformedFrameException {
    List<Summary> summaries = new ArrayList<>(trees.size());
    for (Tree tree : trees) summaries.add(Summary.read(tree));
    return summaries;
  }

  static List<Event> events(List<Tree> trees) throws MalformedFrameException {
    List<Event> events = new ArrayList<>(trees.size());
    for (Tree tree : trees) events.add(Event.read(tree));
    return events;
  }

  static Map<String, Position> positions(Tree tree) throws MalformedFrameException {
    Map<String, Position> positions = new LinkedHashMap<>();
    for (String stream : tree.names()) positions.put(stream, Position.read(tree.object(stream)));
    return positions;
  }

  /** The greeting's answer: how things stand. */
  public static final class Ready extends ServerFrame {
    public final Person person;
    public final String session;
    public final long heartbeatMs;
    /** The epoch of every conversation stream, of those too that begin later. */
    public final String epoch;
    public final Map<String, Position> streams;
    public final List<Summary> conversations;
    public final Map<String, Boolean> recovered = new LinkedHashMap<>();
    public final Limits limits;

    Ready(Tree tree) throws MalformedFrameException {
      person = Person.read(tree.object("person"));
      session = tree.text("session");
      heartbeatMs = tree.number("heartbeat_s") * 1000;
      epoch = tree.text("epoch");
      streams = positions(tree.object("streams"));
      conversations = summaries(tree.objects("conversations"));
      Tree judged = tree.object("recovered");
      for (String stream : judged.names()) recovered.put(stream, judged.flag(stream));
      limits = Limits.read(tree.optionalObject("limits"));
    }
  }

  /** The answer to a command that was carried out; which fields it has depends on the command. */
  public static final class Ok extends ServerFrame {
    public final Object id;
    public final long seq;
    public final Summary conversation;
    public final List<Event> events;
    public final boolean more;
    public final Position position;

    Ok(Tree tree, Object id) throws MalformedFrameException {
      this.id = id;
      seq = tree.numberOr("seq", 0);
      conversation = Summary.read(tree.optionalObject("conversation"));
      events = events(tree.objects("events"));
      more = tree.flag("more");
      position = Position.read(tree.optionalObject("position"));
    }
  }

  /** The answer to a command that was not carried out: {@code error} on the wire. */
  public static final class Refusal extends ServerFrame {
    public final Object id;
    public final String code;
    /** One sentence for developers. */
    public final String message;
    public final long retryAfterMs;
    public final Person manager;

    Refusal(Tree tree, Object id) throws MalformedFrameException {
      this.id = id;
      code = tree.text("code");
      message = tree.text("message");
      retryAfterMs = tree.numberOr("retry_after_ms", 0);
      manager = Person.read(tree.optionalObject("manager"));
    }

    /** Worth another try, of a message under its key: the reason passes. */
    public boolean isPassing() {
      return code.equals("rate_limited") || code.equals("unavailable") || code.equals("internal");
    }
  }

  /** Replaces all that is known of a stream. A conversation's has {@code conversation}, a list's does not. */
  public static final class Reset extends ServerFrame {
    public final String stream;
    public final Position position;
    public final Summary conversation;
    public final List<Event> events;
    public final boolean more;
    public final List<Summary> conversations;

    Reset(Tree tree) throws MalformedFrameException {
      stream = tree.text("stream");
      position = new Position(tree.text("epoch"), tree.number("seq"));
      Tree snapshot = tree.object("snapshot");
      conversation = Summary.read(snapshot.optionalObject("conversation"));
      events = events(snapshot.objects("events"));
      more = snapshot.flag("more");
      conversations = summaries(snapshot.objects("conversations"));
    }
  }

  /** Lost without harm: typing, receipts and presence. */
  public static final class Signal extends ServerFrame {
    public final String kind;
    public final String conversation;
    public final Person person;
    /** Of receipts; 0 otherwise. */
    public final long seq;
    /** Of presence. */
    public final boolean online;

    Signal(Tree tree) throws MalformedFrameException {
      kind = tree.text("kind");
      conversation = tree.text("conversation");
      person = Person.read(tree.object("person"));
      seq = tree.numberOr("seq", 0);
      online = tree.flag("online");
    }
  }

  /** The server is about to end. */
  public static final class Bye extends ServerFrame {
    public final long retryAfterMs;

    Bye(long retryAfterMs) {
      this.retryAfterMs = retryAfterMs;
    }
  }
}
