package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Notification;
import android.app.NotificationManager;
import android.app.RemoteInput;
import android.app.job.JobInfo;
import android.app.job.JobScheduler;
import android.content.Intent;
import android.net.ConnectivityManager;
import android.os.Bundle;
import android.service.notification.StatusBarNotification;
import chat.otvet.android.R;
import chat.otvet.android.background.CatchUpJob;
import chat.otvet.android.background.LiveService;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.notification.ReplyReceiver;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.ClassRule;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.android.controller.ServiceController;

/** What the app does while nobody looks at it. */
@RunWith(RobolectricTestRunner.class)
public class BackgroundTest {
  @ClassRule public static final OtvetServer SERVER = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void answersAreNotifiedByConversationAndAnsweredFromThere() throws Exception {
    Manager mark = Manager.of(SERVER, "Mark");
    phone.enterAsGuest(SERVER.origin(), "Anna");
    String parcel = phone.ask("Parcel", "Where is it?");
    String hours = phone.ask("Hours", "How late?");
    mark.answer(parcel, "On its way.");
    phone.await("seen on the list", () -> phone.session().view().conversation(parcel).unread == 1);
    assertNull("who looks is not notified", notification(parcel));

    phone.leave();
    assertEquals("a live conversation keeps a foreground service", LiveService.class.getName(), shadowOf(phone.app()).getNextStartedService().getComponent().getClassName());
    ServiceController<LiveService> service = Robolectric.buildService(LiveService.class).create().startCommand(0, 1);
    assertNotNull(shadowOf(service.get()).getLastForegroundNotification());
    mark.answer(parcel, "It comes today.");
    mark.answer(hours, "Until eight.");
    phone.await("two notifications", () -> notification(parcel) != null && notification(hours) != null);
    assertEquals("Parcel", notification(parcel).extras.getCharSequence(Notification.EXTRA_CONVERSATION_TITLE).toString());
    assertTrue(lines(parcel).endsWith("It comes today.\n"));
    assertEquals(notification(parcel).getGroup(), notification(hours).getGroup());

    Intent opens = shadowOf(notification(hours).contentIntent).getSavedIntent();
    assertEquals(ConversationsActivity.class.getName(), opens.getComponent().getClassName());
    assertEquals(hours, opens.getStringExtra("conversation"));
    assertEquals(parcel, shadowOf(notification(parcel).contentIntent).getSavedIntent().getStringExtra("conversation"));

    reply(parcel, "Wonderful!");
    phone.await("the reply is sent", () -> mark.messages(parcel).contains("Wonderful!"));
    phone.await("and shown in the notification", () -> lines(parcel).contains("Wonderful!"));

    service.destroy();
    phone.comeBack();
    phone.openThread(hours);
    phone.await("read, so gone", () -> notification(hours) == null);
    assertNotNull(notification(parcel));
  }

  @Test
  public void theJobSendsAndFetchesAndEnds() throws Exception {
    Manager mark = Manager.of(SERVER, "Nora");
    phone.enterAsGuest(SERVER.origin(), "Boris");
    String conversation = phone.ask("Size", "Is it big?");
    List<JobInfo> jobs = phone.app().getSystemService(JobScheduler.class).getAllPendingJobs();
    assertTrue("every quarter of an hour, also after a restart", jobs.stream().anyMatch(job -> job.isPeriodic() && job.isPersisted()));
    phone.leave();
    shadowOf(android.os.Looper.getMainLooper()).idleFor(Duration.ofSeconds(4));
    phone.await("the connection is hung up", () -> phone.session().view().state == ConnectionState.IDLE);
    mark.answer(conversation, "Quite.");
    phone.session().client().send(conversation, null, "Thank you!", item -> {});

    CatchUpJob job = Robolectric.buildService(CatchUpJob.class).create().get();
    assertTrue(job.onStartJob(null));
    phone.await("the notification", () -> {
      shadowOf(android.os.Looper.getMainLooper()).idleFor(Duration.ofMillis(500));
      return notification(conversation) != null && mark.messages(conversation).contains("Thank you!");
    });
    phone.await("it ends by itself", () -> {
      shadowOf(android.os.Looper.getMainLooper()).idleFor(Duration.ofMillis(500));
      return phone.session().view().state == ConnectionState.IDLE;
    });
    assertEquals(List.of("Is it big?", "Quite.", "Thank you!"), mark.messages(conversation));
  }

  @Test
  public void theNetworkIsFollowed() {
    phone.enterAsGuest(SERVER.origin(), "Clara");
    ConnectivityManager connectivity = phone.app().getSystemService(ConnectivityManager.class);
    ConnectivityManager.NetworkCallback system = shadowOf(connectivity).getNetworkCallbacks().iterator().next();
    system.onLost(connectivity.getActiveNetwork());
    phone.await("offline", () -> phone.session().view().state == ConnectionState.OFFLINE);
    assertEquals("No connection. Messages will be sent later.", phone.text(R.id.banner_text));
    system.onAvailable(connectivity.getActiveNetwork());
    phone.awaitOnline();
    phone.await("no banner", () -> !phone.isShown(R.id.banner));
    assertFalse(phone.session().isExpired());
  }

  private void reply(String conversation, String words) {
    Notification.Action action = notification(conversation).actions[0];
    Intent intent = shadowOf(action.actionIntent).getSavedIntent();
    Bundle typed = new Bundle();
    typed.putCharSequence(action.getRemoteInputs()[0].getResultKey(), words);
    RemoteInput.addResultsToIntent(action.getRemoteInputs(), intent, typed);
    new ReplyReceiver().onReceive(phone.app(), intent);
    phone.idle();
  }

  private String lines(String conversation) {
    Notification notification = notification(conversation);
    if (notification == null) return "";
    StringBuilder all = new StringBuilder();
    for (Object line : notification.extras.getParcelableArray(Notification.EXTRA_MESSAGES)) all.append(((Bundle) line).getCharSequence("text")).append('\n');
    return all.toString();
  }

  private Notification notification(String tag) {
    NotificationManager manager = phone.app().getSystemService(NotificationManager.class);
    return Arrays.stream(manager.getActiveNotifications()).filter(one -> tag.equals(one.getTag())).map(StatusBarNotification::getNotification).findFirst().orElse(null);
  }
}
