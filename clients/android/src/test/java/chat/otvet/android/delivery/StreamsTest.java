package chat.otvet.android.delivery;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;

import chat.otvet.android.delivery.Streams.Verdict;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.protocol.Position;
import org.junit.Test;

public class StreamsTest {
  private final Streams streams = new Streams();

  @Test
  public void anEventIsAppliedInItsTurnOnly() {
    streams.set("session/u7", new Position("e", 4));
    assertEquals(Verdict.DUPLICATE, admit(4));
    assertEquals(Verdict.GAP, admit(7));
    assertEquals(Verdict.GAP, admit(6));
    assertEquals(Verdict.APPLY, admit(5));
    assertEquals(6, streams.nextHeld("session/u7").seq);
    assertEquals(7, streams.nextHeld("session/u7").seq);
    assertNull(streams.nextHeld("session/u7"));
    assertEquals(new Position("e", 7), streams.position("session/u7"));
  }

  @Test
  public void aStreamThatIsNotFollowedStartsAtItsFirstEvent() {
    streams.setConversationEpoch("now");
    assertEquals(Verdict.APPLY, streams.admit(Sample.message("c", 9, "u2", "late")));
    assertEquals(new Position("now", 9), streams.position("conversation/c"));
  }

  @Test
  public void aResetDropsWhatIsBehindItAndAnotherEpochDropsAll() {
    streams.set("session/u7", new Position("e", 1));
    admit(3);
    admit(9);
    streams.set("session/u7", new Position("e", 5));
    assertNull(streams.nextHeld("session/u7"));
    streams.set("session/u7", new Position("e", 8));
    assertEquals(9, streams.nextHeld("session/u7").seq);
    admit(12);
    streams.set("session/u7", new Position("other", 11));
    assertNull(streams.nextHeld("session/u7"));
  }

  private Verdict admit(long seq) {
    return streams.admit(Sample.event("session/u7", seq, "signed_out"));
  }
}
