package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import android.graphics.Insets;
import android.graphics.Rect;
import android.view.View;
import android.view.WindowInsets;
import chat.otvet.android.R;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import org.junit.ClassRule;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;

/** Screens draw behind the system's bars, and nothing that can be tapped is there. */
@RunWith(RobolectricTestRunner.class)
public class EdgeToEdgeTest {
  private static final int STATUS_DP = 32;
  private static final int NAVIGATION_DP = 48;
  private static final int KEYBOARD_DP = 300;
  private static final int CUTOUT_DP = 40;

  @ClassRule public static final OtvetServer SERVER = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void theComposerStaysAboveBarAndKeyboard() throws Exception {
    RuntimeEnvironment.setQualifiers("+w411dp-h780dp-xhdpi");
    Manager mark = Manager.of(SERVER, "Mark");
    phone.enterAsGuest(SERVER.origin(), "Anna");
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    for (int i = 0; i < 30; i++) mark.answer(conversation, "Answer " + i + "\nin two lines");
    phone.openThread(conversation);
    phone.await("the thread", () -> phone.saysRow(R.id.log, "Answer 29"));
    phone.type(R.id.message, "Thank you!");

    Rect withoutKeyboard = clearOf(Insets.of(0, dp(STATUS_DP), 0, dp(NAVIGATION_DP)), 0, 0);
    assertWhole(withoutKeyboard, R.id.back, R.id.resolve, R.id.message, R.id.send);
    Rect withKeyboard = clearOf(Insets.of(0, dp(STATUS_DP), 0, dp(NAVIGATION_DP)), 0, dp(KEYBOARD_DP));
    assertWhole(withKeyboard, R.id.back, R.id.resolve, R.id.message, R.id.send);
    assertTrue("the log has room left", phone.screen().findViewById(R.id.log).getHeight() > dp(48));
    assertEquals("and it is given back", withoutKeyboard, clearOf(Insets.of(0, dp(STATUS_DP), 0, dp(NAVIGATION_DP)), 0, 0));
    assertWhole(withoutKeyboard, R.id.message, R.id.send);
  }

  @Test
  public void theListStaysBesideBarsAndCutout() {
    RuntimeEnvironment.setQualifiers("+w780dp-h411dp-land-xhdpi");
    phone.enterAsGuest(SERVER.origin(), "Boris");
    for (int i = 0; i < 8; i++) phone.ask("Question " + i, "What is it?");
    // Lying on its side, a phone has the cutout at one end and the bar at the other.
    Rect free = clearOf(Insets.of(0, dp(STATUS_DP), dp(NAVIGATION_DP), 0), dp(CUTOUT_DP), 0);
    assertWhole(free, R.id.account, R.id.new_question);
  }

  @Test
  public void bothHalvesOfATabletStayClear() {
    RuntimeEnvironment.setQualifiers("+w1080dp-h720dp-land-mdpi");
    phone.enterAsGuest(SERVER.origin(), "Clara");
    String conversation = phone.ask("Delivery", "Where is my parcel?");
    phone.open(ConversationsActivity.class, ConversationsActivity.intent(phone.app(), conversation));
    phone.await("the thread beside the list", () -> phone.saysRow(R.id.log, "Where is my parcel?"));
    Rect free = clearOf(Insets.of(0, dp(STATUS_DP), 0, dp(NAVIGATION_DP)), 0, dp(KEYBOARD_DP));
    assertWhole(free, R.id.account, R.id.new_question, R.id.message, R.id.send);
  }

  /** Tells the screen what is taken, holds every control against it, and answers with what is free. */
  private Rect clearOf(Insets bars, int cutout, int keyboard) {
    View window = phone.screen().getWindow().getDecorView();
    window.dispatchApplyWindowInsets(new WindowInsets.Builder()
        .setInsets(WindowInsets.Type.statusBars(), Insets.of(0, bars.top, 0, 0))
        .setInsets(WindowInsets.Type.navigationBars(), Insets.of(bars.left, 0, bars.right, bars.bottom))
        .setInsets(WindowInsets.Type.displayCutout(), Insets.of(cutout, 0, 0, 0))
        .setInsets(WindowInsets.Type.ime(), Insets.of(0, 0, 0, keyboard))
        .setVisible(WindowInsets.Type.ime(), keyboard > 0).build());
    phone.layOut();
    Rect free = new Rect(Math.max(bars.left, cutout), bars.top, window.getWidth() - bars.right, window.getHeight() - Math.max(bars.bottom, keyboard));
    int seen = 0;
    for (View control : Controls.of(window)) {
      Rect place = new Rect();
      // What is scrolled away is nowhere.
      if (!control.getGlobalVisibleRect(place)) continue;
      seen++;
      assertTrue(Controls.name(control) + " at " + place + " leaves " + free, free.contains(place));
    }
    assertTrue("there is something to tap", seen >= 3);
    return free;
  }

  private void assertWhole(Rect free, int... controls) {
    for (int id : controls) {
      View control = phone.screen().findViewById(id);
      Rect place = new Rect();
      assertTrue(Controls.name(control) + " is seen", control.getGlobalVisibleRect(place));
      assertEquals(Controls.name(control) + " is cut off", control.getWidth() + "x" + control.getHeight(), place.width() + "x" + place.height());
      assertTrue(Controls.name(control) + " at " + place + " leaves " + free, free.contains(place));
    }
  }

  private int dp(int size) {
    return Math.round(size * phone.app().getResources().getDisplayMetrics().density);
  }
}
