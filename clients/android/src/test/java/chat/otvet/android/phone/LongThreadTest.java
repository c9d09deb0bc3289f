package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import android.widget.ListView;
import chat.otvet.android.R;
import chat.otvet.android.delivery.ThreadView;
import chat.otvet.android.protocol.Event;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;

/** A conversation of ten thousand messages opens at its end at once, and is whole when somebody scrolls through all of it. */
@RunWith(RobolectricTestRunner.class)
public class LongThreadTest {
  private static final int MESSAGES = 10_000;

  @Rule public final OtvetServer server = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void tenThousandMessages() throws Exception {
    Manager mark = Manager.of(server, "Mark");
    phone.enterAsGuest(server.origin(), "Anna");
    String conversation = phone.ask("Everything", "Tell me everything.");
    mark.answer(conversation, "Where do I begin?");
    // The app is not looked at meanwhile; it hears of the end only.
    phone.leave();
    ExecutorService writers = Executors.newFixedThreadPool(16);
    List<Future<?>> written = new ArrayList<>();
    for (int i = 2; i < MESSAGES; i++) {
      String body = "part " + i;
      written.add(writers.submit(() -> mark.answer(conversation, body)));
    }
    writers.shutdown();
    assertTrue(writers.awaitTermination(4, TimeUnit.MINUTES));
    for (Future<?> one : written) one.get();
    phone.comeBack();
    phone.awaitOnline();

    phone.openThread(conversation);
    AtomicReference<ThreadView> view = new AtomicReference<>();
    phone.session().client().observers().thread(conversation, view::set);
    ListView log = phone.screen().findViewById(R.id.log);
    phone.await("the newest", () -> view.get() != null && view.get().loaded && log.getAdapter().getCount() > 10);
    while (view.get().hasMore) {
      int before = view.get().events.size();
      phone.session().client().loadOlder(conversation);
      phone.await("older messages", () -> view.get().events.size() > before && !view.get().loading, () -> "behind " + before);
    }
    long seq = 0;
    int messages = 0;
    for (Event event : view.get().events) {
      assertEquals(++seq, event.seq);
      if (event.isMessage()) messages++;
    }
    assertEquals(MESSAGES, messages);
    phone.await("all rows", () -> log.getAdapter().getCount() > MESSAGES);

    long began = System.nanoTime();
    mark.answer(conversation, "The end.");
    phone.await("live behind ten thousand", () -> phone.session().view().conversation(conversation).lastMessage.body.equals("The end.")
        && view.get().events.get(view.get().events.size() - 1).isMessage());
    assertTrue("a message arrives in a long thread within two seconds", System.nanoTime() - began < 2_000_000_000L);
  }
}
