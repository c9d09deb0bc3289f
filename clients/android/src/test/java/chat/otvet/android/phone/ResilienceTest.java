package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import android.content.Intent;
import chat.otvet.android.R;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.server.Cable;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import chat.otvet.android.store.SqliteStore;
import chat.otvet.android.store.StoredThread;
import java.util.ArrayList;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.Shadows;

/** What goes wrong around a phone, on real screens against the real server: nothing is lost, doubled or out of order. */
@RunWith(RobolectricTestRunner.class)
public class ResilienceTest {
  @Rule public final OtvetServer server = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void aTurnKeepsTheThreadAndWhatIsTyped() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    phone.enterAsGuest(server.origin(), "Anna");
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    phone.openThread(conversation);
    phone.type(R.id.message, "half a sent");
    phone.turn();
    phone.await("the thread", () -> phone.saysRow(R.id.log, "Where is my parcel?"));
    assertEquals("half a sent", phone.text(R.id.message));
    mark.answer(conversation, "On its way.");
    phone.await("live events after the turn", () -> phone.saysRow(R.id.log, "On its way."));
    assertEquals(ConnectionState.ONLINE, phone.session().view().state);
  }

  @Test
  public void aKilledProcessContinuesExactlyWhereItWas() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    try (Cable cable = new Cable(server)) {
      phone.enterAsGuest(cable.origin(), "Anna");
      String conversation = phone.ask("Delivery", "Where is my parcel?");
      mark.answer(conversation, "It left on Monday.");
      phone.openThread(conversation);
      phone.await("the answer", () -> phone.saysRow(R.id.log, "It left on Monday."));
      String me = phone.session().account().person.id;
      phone.await("the thread is stored", () -> storedSeq(me) == 4);
      cable.cut();
      phone.await("the loss", () -> phone.session().view().state != ConnectionState.ONLINE);
      phone.send("And when does it come?");
      phone.type(R.id.message, "I am at ho");
      mark.answer(conversation, "It comes today.");
      phone.dieAndStartAnew();

      // Without a network: what was there is there, and what is unsent waits.
      phone.await("the stored thread", () -> phone.saysRow(R.id.log, "It left on Monday."));
      assertTrue(phone.saysRow(R.id.log, "And when does it come?"));
      assertEquals("I am at ho", phone.text(R.id.message));
      assertFalse(phone.saysRow(R.id.log, "It comes today."));
      cable.mend();
      phone.session().woke();
      phone.await("what was missed", () -> phone.saysRow(R.id.log, "It comes today."));
      phone.await("what was unsent", () -> phone.session().view().queue.isEmpty());
      List<String> expected = List.of("Where is my parcel?", "It left on Monday.", "It comes today.", "And when does it come?");
      assertEquals(expected, mark.messages(conversation));
      phone.await("the same on the screen", () -> shownMessages(expected));
    }
  }

  @Test
  public void halfAMinuteWithoutANetworkLosesAndDoublesNothing() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    try (Cable cable = new Cable(server)) {
      phone.enterAsGuest(cable.origin(), "Anna");
      String conversation = phone.ask("Delivery", "message 0");
      phone.openThread(conversation);
      phone.await("the thread", () -> phone.saysRow(R.id.log, "message 0"));
      List<String> expected = new ArrayList<>(List.of("message 0"));
      long mended = System.currentTimeMillis() + 30_000;
      for (int i = 1; i <= 12; i++) {
        // The cable goes while messages are under way, so some were stored without an answer.
        if (i == 4) cable.cut();
        phone.send("message " + i);
        expected.add("message " + i);
      }
      phone.await("the banner", () -> phone.isShown(R.id.banner));
      assertTrue(phone.saysRow(R.id.log, "message 12"));
      while (System.currentTimeMillis() < mended) {
        phone.idle();
        Thread.sleep(50);
      }
      assertFalse(phone.session().view().queue.isEmpty());
      cable.mend();
      phone.session().woke();
      phone.await("all is sent", () -> phone.session().view().queue.isEmpty());
      assertEquals(expected, mark.messages(conversation));
      phone.await("the same on the screen", () -> shownMessages(expected));
      phone.await("no banner", () -> !phone.isShown(R.id.banner));
    }
  }

  @Test
  public void aKilledServerIsComeBackTo() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    phone.enterAsGuest(server.origin(), "Anna");
    String conversation = phone.ask("Delivery", "one");
    phone.openThread(conversation);
    phone.await("the thread", () -> phone.saysRow(R.id.log, "one"));
    phone.send("two");
    server.kill();
    phone.await("the loss", () -> phone.session().view().state != ConnectionState.ONLINE);
    phone.send("three");
    server.run();
    phone.session().woke();
    phone.await("all is sent", () -> phone.session().view().queue.isEmpty() && phone.session().view().state == ConnectionState.ONLINE);
    mark.answer(conversation, "four");
    phone.await("live again", () -> phone.saysRow(R.id.log, "four"));
    List<String> expected = List.of("one", "two", "three", "four");
    assertEquals(expected, mark.messages(conversation));
    assertTrue(shownMessages(expected));
  }

  @Test
  public void aRevokedTokenReturnsToTheSignInAndKeepsUnsentWords() throws Exception {
    phone.register(server.origin(), "Anna", "anna@example.com", OtvetServer.PASSWORD);
    Manager other = Manager.signIn(server, "anna@example.com");
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    phone.openThread(conversation);
    phone.await("the thread", () -> phone.saysRow(R.id.log, "Where is my parcel?"));
    phone.type(R.id.message, "not sent yet");
    other.signOutOthers();
    phone.await("signed out", () -> !phone.session().isSignedIn());
    Intent next = Shadows.shadowOf(phone.screen()).getNextStartedActivity();
    assertEquals(WelcomeActivity.class.getName(), next.getComponent().getClassName());
    phone.close();

    phone.open(WelcomeActivity.class, WelcomeActivity.intent(phone.app(), WelcomeActivity.Form.LOGIN));
    assertTrue(phone.text(R.id.notice).contains("You were signed out on this device"));
    phone.type(R.id.email, "anna@example.com");
    phone.type(R.id.password, OtvetServer.PASSWORD);
    phone.tap(R.id.submit);
    phone.await("signed in", () -> phone.session().isSignedIn());
    phone.showList();
    phone.openThread(conversation);
    phone.await("the words", () -> phone.text(R.id.message).equals("not sent yet"));
  }

  /** Up to where the newest thread is on the disk; 0 when there is none. */
  private long storedSeq(String owner) {
    try (SqliteStore store = new SqliteStore(phone.app())) {
      List<StoredThread> threads = store.threads(owner);
      return threads.isEmpty() ? 0 : threads.get(0).lastSeq();
    }
  }

  /** Whether the thread shows just these messages, in this order. */
  private boolean shownMessages(List<String> expected) {
    List<String> shown = new ArrayList<>();
    for (String row : phone.rows(R.id.log)) for (String body : expected) if (row.contains(body + " ")) shown.add(body);
    return shown.equals(expected);
  }
}
