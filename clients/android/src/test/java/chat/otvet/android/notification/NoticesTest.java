package chat.otvet.android.notification;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.delivery.Sample;
import chat.otvet.android.protocol.Person;
import java.util.List;
import java.util.Map;
import org.junit.Test;

public class NoticesTest {
  private static final Person ANNA = new Person("u7", "visitor", "Anna");

  @Test
  public void eachMessageIsToldOnceAlsoOverARestart() {
    Notices notices = new Notices();
    assertEquals(1, notices.take(List.of(Sample.summary("a", 4, 1), Sample.summary("b", 4, 0)), ANNA).size());
    assertTrue(notices.take(List.of(Sample.summary("a", 4, 1)), ANNA).isEmpty());
    assertEquals(1, notices.take(List.of(Sample.summary("a", 5, 2)), ANNA).size());
    Notices restarted = new Notices();
    restarted.restore(Map.of("a", 5L));
    assertTrue(restarted.take(List.of(Sample.summary("a", 5, 2)), ANNA).isEmpty());
    assertEquals("a", restarted.take(List.of(Sample.summary("a", 6, 3)), ANNA).get(0).id);
  }

  @Test
  public void onesOwnMessagesAreNoNews() {
    assertTrue(new Notices().take(List.of(Sample.summary("a", 4, 1)), new Person("u2", "manager", "Mark")).isEmpty());
  }
}
