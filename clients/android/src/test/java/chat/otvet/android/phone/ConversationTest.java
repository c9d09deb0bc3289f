package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.R;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import java.util.List;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;

/** The app's main job, on its real screens and the real server. */
@RunWith(RobolectricTestRunner.class)
public class ConversationTest {
  @Rule public final OtvetServer server = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void aQuestionIsAnsweredLive() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    phone.enterAsGuest(server.origin(), "Anna");
    phone.await("the empty list", () -> phone.isShown(R.id.empty));

    String conversation = phone.ask("Delivery", "Where is my parcel?");
    phone.await("the question in the list", () -> !phone.isShown(R.id.empty) && phone.saysRow(R.id.list, "Delivery"));
    assertTrue(phone.saysRow(R.id.list, "Waiting for an answer"));

    mark.answer(conversation, "It comes tomorrow.");
    phone.await("the unread badge", () -> phone.saysRow(R.id.list, "It comes tomorrow. 1 With Mark"));

    phone.openThread(conversation);
    phone.await("the answer", () -> phone.saysRow(R.id.log, "It comes tomorrow."));
    assertEquals("Delivery", phone.text(R.id.title));
    assertEquals("With Mark", phone.text(R.id.status));
    assertTrue(phone.saysRow(R.id.log, "Mark is here to help"));
    phone.await("it is read", () -> phone.session().view().conversations.get(0).unread == 0);

    phone.send("Thank you!");
    phone.await("it is sent", () -> phone.session().view().queue.isEmpty());
    mark.read(conversation, 5);
    phone.await("it is read by Mark", () -> phone.session().view().conversations.get(0).readByOthers(phone.session().view().me) == 5);
    assertEquals(List.of("Where is my parcel?", "It comes tomorrow.", "Thank you!"), mark.messages(conversation));

    phone.tap(R.id.resolve);
    phone.await("it is resolved", () -> phone.text(R.id.status).equals("Resolved"));
    phone.tap(R.id.reopen);
    phone.await("it goes on", () -> phone.text(R.id.status).equals("With Mark"));
  }
}
