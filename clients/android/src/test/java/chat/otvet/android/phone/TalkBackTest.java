package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import android.os.SystemClock;
import android.text.Spanned;
import android.text.TextUtils;
import android.text.style.ClickableSpan;
import android.view.MotionEvent;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.account.AccountActivity;
import chat.otvet.android.account.DevicesActivity;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.conversations.AskActivity;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import chat.otvet.android.store.QueuedItem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.ClassRule;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;

/** What TalkBack needs of every screen: a name for each control, and room for a finger that cannot aim. */
@RunWith(RobolectricTestRunner.class)
public class TalkBackTest {
  private static final int TARGET_DP = 48;

  @ClassRule public static final OtvetServer SERVER = new OtvetServer();
  @Rule public final Phone phone = new Phone();
  private final Set<String> seen = new TreeSet<>();
  private final List<String> faults = new ArrayList<>();

  @Test
  public void everyControlHasANameAndRoom() throws Exception {
    RuntimeEnvironment.setQualifiers("+w411dp-h1400dp-xhdpi");
    wayIn();
    phone.enterAsGuest(SERVER.origin(), "Anna");
    walk();
    Manager mark = Manager.of(SERVER, "Mark");
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    for (int i = 0; i < 40; i++) mark.answer(conversation, "Answer " + i + "\nin two lines");
    mark.answer(conversation, "See https://example.com/parcel");
    refusedQuestion();
    phone.await("list and refusal", () -> phone.saysRow(R.id.list, "example.com") && phone.saysRow(R.id.list, "Not sent"));
    walk();
    thread(conversation);
    refusedMessage();
    phone.showList();
    phone.open(AskActivity.class);
    walk();
    phone.open(AccountActivity.class);
    walk();
    phone.open(DevicesActivity.class);
    Manager.of(SERVER, "Nora");
    phone.await("this device", () -> phone.screen().<ViewGroup>findViewById(R.id.devices).getChildCount() == 1);
    walk();
    otherDevices();
    assertEquals(List.of(), faults);
    // Nothing was passed over because it was hidden.
    assertTrue(seen.toString(), seen.containsAll(Set.of("account", "ask", "back", "body", "device_sign_out", "devices", "discard", "email", "message",
        "more", "name", "new_question", "password", "pin", "question", "register", "reopen", "resolve", "retry", "send", "server", "sign_in", "sign_out",
        "subject", "submit", "switch_form", "to_login", "to_newest", "to_register", "unsent_discard", "unsent_retry")));
  }

  @Test
  public void bothHalvesOfATablet() {
    RuntimeEnvironment.setQualifiers("+w1080dp-h720dp-land-mdpi");
    phone.enterAsGuest(SERVER.origin(), "Clara");
    walk();
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    phone.open(ConversationsActivity.class, ConversationsActivity.intent(phone.app(), conversation));
    phone.await("the thread beside the list", () -> phone.saysRow(R.id.log, "Where is my parcel?"));
    walk();
    assertEquals(List.of(), faults);
  }

  private void wayIn() {
    phone.open(WelcomeActivity.class);
    walk();
    phone.tap(R.id.to_login);
    walk();
    phone.tap(R.id.switch_form);
    phone.tap(R.id.more);
    phone.tap(R.id.submit);
    walk();
  }

  private void thread(String conversation) {
    phone.openThread(conversation);
    phone.await("the thread", () -> phone.saysRow(R.id.log, "example.com"));
    phone.type(R.id.message, "Thank you!");
    walk();
    pull(phone.screen().findViewById(R.id.log));
    assertTrue("away from the newest message", phone.isShown(R.id.to_newest));
    walk();
    phone.tap(R.id.resolve);
    phone.await("resolved", () -> phone.isShown(R.id.reopen));
    walk();
  }

  /** A finger that goes down the list and stays there. */
  private static void pull(View list) {
    long time = SystemClock.uptimeMillis();
    for (int step = 0; step < 5; step++) {
      int action = step == 0 ? MotionEvent.ACTION_DOWN : MotionEvent.ACTION_MOVE;
      MotionEvent event = MotionEvent.obtain(time, time + step, action, list.getWidth() / 2f, 100 + step * 200f, 0);
      list.dispatchTouchEvent(event);
      event.recycle();
    }
  }

  /** A conversation that is not there refuses what is sent to it. */
  private void refusedMessage() {
    phone.openThread("00000000-0000-0000-0000-000000000000");
    phone.send("Is anybody there?");
    phone.await("the refusal", () -> phone.saysRow(R.id.log, "Not sent"));
    walk();
  }

  private void refusedQuestion() {
    phone.session().client().send(null, "A subject that is too long. ".repeat(20), "Why?", item -> {});
    phone.await("the refusal", () -> phone.session().view().queue.stream().anyMatch(item -> item.state == QueuedItem.State.REFUSED));
  }

  private void otherDevices() throws Exception {
    phone.session().leave();
    phone.register(SERVER.origin(), "Dora", "dora@example.com", OtvetServer.PASSWORD);
    Manager.signIn(SERVER, "dora@example.com");
    phone.open(AccountActivity.class);
    walk();
    phone.open(DevicesActivity.class);
    phone.await("two devices", () -> phone.screen().<ViewGroup>findViewById(R.id.devices).getChildCount() == 2);
    walk();
  }

  /** Looks at every control of the top screen. */
  private void walk() {
    View window = phone.layOut();
    int target = Math.round(TARGET_DP * phone.screen().getResources().getDisplayMetrics().density);
    for (View control : Controls.of(window)) {
      String name = phone.screen().getClass().getSimpleName() + ": " + Controls.name(control);
      if (control.getId() != View.NO_ID) seen.add(control.getResources().getResourceEntryName(control.getId()));
      if (!control.isImportantForAccessibility()) faults.add(name + " is hidden from TalkBack");
      if (!isNamed(control, window)) faults.add(name + " says nothing");
      boolean small = control.getWidth() < target || control.getHeight() < target;
      if (small && !isWordsWithLinks(control)) faults.add(name + " is " + control.getWidth() + "x" + control.getHeight() + " and should be " + target);
    }
  }

  private static boolean isNamed(View control, View window) {
    if (!TextUtils.isEmpty(control.getContentDescription())) return true;
    if (control instanceof TextView && (!TextUtils.isEmpty(((TextView) control).getText()) || !TextUtils.isEmpty(((TextView) control).getHint()))) return true;
    return control.getId() != View.NO_ID && isLabelled(window, control.getId());
  }

  private static boolean isLabelled(View view, int control) {
    if (view.getLabelFor() == control && view instanceof TextView && view.isShown() && !TextUtils.isEmpty(((TextView) view).getText())) return true;
    if (view instanceof ViewGroup) for (int i = 0; i < ((ViewGroup) view).getChildCount(); i++) if (isLabelled(((ViewGroup) view).getChildAt(i), control)) return true;
    return false;
  }

  /** A link in the middle of a sentence is as high as its line; TalkBack lists it in a menu. */
  private static boolean isWordsWithLinks(View control) {
    if (!(control instanceof TextView) || !(((TextView) control).getText() instanceof Spanned)) return false;
    CharSequence text = ((TextView) control).getText();
    return ((Spanned) text).getSpans(0, text.length(), ClickableSpan.class).length > 0;
  }
}
