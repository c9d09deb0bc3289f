package chat.otvet.android.store;

import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Position;
import chat.otvet.android.protocol.Summary;
import java.util.List;
import java.util.Map;

/** The list of conversations as a person last saw it, with the positions of the streams that it was made of. */
public final class StoredSession {
  public final Person person;
  public final Map<String, Position> positions;
  public final List<Summary> conversations;

  public StoredSession(Person person, Map<String, Position> positions, List<Summary> conversations) {
    this.person = person;
    this.positions = positions;
    this.conversations = conversations;
  }
}
