package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;

import android.content.Context;
import android.content.Intent;
import android.net.Uri;
import android.view.View;
import android.view.ViewGroup;
import android.widget.EditText;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.account.AccountActivity;
import chat.otvet.android.account.DevicesActivity;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.account.WelcomeActivity.Form;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import chat.otvet.android.thread.ThreadActivity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.ClassRule;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.Shadows;
import org.robolectric.shadows.ShadowDialog;

/** Coming in, going out, and where a secret is kept. */
@RunWith(RobolectricTestRunner.class)
public class SignInTest {
  @ClassRule public static final OtvetServer SERVER = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void anAccountSignsOutAndInAgain() {
    phone.register(SERVER.origin(), "Boris", "boris@example.com", OtvetServer.PASSWORD);
    String conversation = phone.ask("Hours", "When are you open?");
    phone.open(AccountActivity.class);
    assertEquals("Boris", phone.text(R.id.name));
    assertFalse(phone.isShown(R.id.guest));
    phone.tap(R.id.sign_out);
    assertFalse(phone.session().isSignedIn());

    phone.open(WelcomeActivity.class);
    assertEquals("the server is remembered", SERVER.origin(), phone.screen().<EditText>findViewById(R.id.server).getText().toString());
    phone.tap(R.id.to_login);
    phone.type(R.id.email, "boris@example.com");
    phone.type(R.id.password, "wrong");
    phone.tap(R.id.submit);
    phone.await("the refusal", () -> phone.isShown(R.id.problem));
    assertEquals("Email or password is not right.", phone.text(R.id.problem));
    phone.type(R.id.password, OtvetServer.PASSWORD);
    phone.tap(R.id.submit);
    phone.await("signed in", () -> phone.session().isSignedIn());
    phone.showList();
    phone.await("the conversation", () -> phone.saysRow(R.id.list, "Hours"));
    assertEquals(conversation, phone.session().view().conversations.get(0).id);
  }

  @Test
  public void aGuestBecomesAnAccountAndKeepsTheConversation() throws Exception {
    phone.enterAsGuest(SERVER.origin(), "Clara");
    String conversation = phone.ask("Sizes", "Is there a smaller one?");
    phone.open(AccountActivity.class);
    assertTrue(phone.isShown(R.id.guest));
    phone.open(WelcomeActivity.class, WelcomeActivity.intent(phone.app(), Form.REGISTER));
    assertFalse("the server is the guest's", phone.isShown(R.id.server_part));
    phone.type(R.id.name, "Clara");
    phone.type(R.id.email, "clara@example.com");
    phone.type(R.id.password, OtvetServer.PASSWORD);
    phone.tap(R.id.submit);
    phone.await("an account", () -> !phone.session().account().person.isGuest());
    phone.showList();
    phone.await("the guest's conversation", () -> phone.session().view().conversation(conversation) != null);
    phone.openThread(conversation);
    phone.await("the question is one's own", () -> phone.screen().findViewById(R.id.log) != null && phone.saysRow(R.id.log, "Is there a smaller one?"));
    Manager nina = Manager.of(SERVER, "Nina");
    nina.answer(conversation, "There is.");
    phone.await("the answer", () -> phone.saysRow(R.id.log, "There is."));
  }

  @Test
  public void wrongFormsAreExplained() {
    phone.open(WelcomeActivity.class);
    phone.type(R.id.server, "");
    phone.tap(R.id.submit);
    assertEquals("Please fill this in", phone.text(R.id.server_error));
    phone.type(R.id.server, "http://example.com");
    phone.tap(R.id.submit);
    assertEquals("Only encrypted addresses (https) are allowed", phone.text(R.id.server_error));
    phone.type(R.id.server, SERVER.origin());
    phone.tap(R.id.to_register);
    phone.tap(R.id.submit);
    assertEquals("Please fill this in", phone.text(R.id.name_error));
    assertEquals("Please fill this in", phone.text(R.id.email_error));
    phone.type(R.id.name, "Admin");
    phone.type(R.id.email, "admin@example.com");
    phone.type(R.id.password, "short");
    phone.tap(R.id.submit);
    phone.await("the server's refusal", () -> phone.isShown(R.id.password_error));
    assertEquals("At least 8 characters", phone.text(R.id.password_error));
    phone.type(R.id.password, OtvetServer.PASSWORD);
    phone.tap(R.id.submit);
    phone.await("the server's next refusal", () -> phone.isShown(R.id.email_error));
    assertEquals("There is an account with this email already", phone.text(R.id.email_error));
    assertFalse(phone.isShown(R.id.password_error));
    phone.tap(R.id.more);
    phone.type(R.id.pin, "abc");
    phone.tap(R.id.submit);
    assertTrue(phone.isShown(R.id.pin_error));
    assertFalse(phone.session().isSignedIn());
  }

  @Test
  public void myDevicesAreListedAndOthersSignedOut() throws Exception {
    phone.register(SERVER.origin(), "Dora", "dora@example.com", OtvetServer.PASSWORD);
    Manager.signIn(SERVER, "dora@example.com");
    phone.open(DevicesActivity.class);
    ViewGroup devices = phone.screen().findViewById(R.id.devices);
    phone.await("two devices", () -> devices.getChildCount() == 2);
    View other = devices.getChildAt(0);
    assertEquals("the other device", other.<TextView>findViewById(R.id.device_name).getText().toString());
    View signOut = other.findViewById(R.id.device_sign_out);
    assertEquals("Sign out the other device", signOut.getContentDescription());
    signOut.performClick();
    phone.await("one device", () -> devices.getChildCount() == 1);
    assertEquals("This device", devices.getChildAt(0).<TextView>findViewById(R.id.device_used).getText().toString());
  }

  @Test
  public void theTokenIsSealedWhereverItIsStored() throws Exception {
    phone.enterAsGuest(SERVER.origin(), "Emil");
    String token = phone.session().account().token;
    String secret = token.substring(token.indexOf('|') + 1);
    Context app = phone.app();
    assertNotNull(app.getSharedPreferences("account", Context.MODE_PRIVATE).getString("token", null));
    phone.leave();
    try (Stream<Path> files = Files.walk(Path.of(app.getApplicationInfo().dataDir))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        assertFalse("the token lies open in " + file, new String(Files.readAllBytes(file), "ISO-8859-1").contains(secret));
      }
    }
    phone.comeBack();
    FakeKeystore.loseKeys();
    phone.dieAndStartAnew();
    assertFalse("a token that cannot be opened is no token", phone.session().isSignedIn());
    assertNull(app.getSharedPreferences("account", Context.MODE_PRIVATE).getString("token", null));
  }

  @Test
  public void aLinkOpensItsConversation() {
    phone.enterAsGuest(SERVER.origin(), "Fred");
    String conversation = phone.ask("Colours", "Is it red?");
    Intent link = new Intent(Intent.ACTION_VIEW, Uri.parse(SERVER.origin() + "/#/c/" + conversation));
    link.setClass(phone.app(), ConversationsActivity.class);
    phone.open(ConversationsActivity.class, link);
    assertEquals(conversation, openedThread());
    link.setData(Uri.parse("https://elsewhere.example/#/c/" + conversation));
    phone.open(ConversationsActivity.class, link);
    assertNull(openedThread());
  }

  @Test
  public void aGuestIsWarnedBeforeSigningOut() {
    phone.enterAsGuest(SERVER.origin(), "Gina");
    phone.open(AccountActivity.class);
    phone.tap(R.id.sign_out);
    assertTrue(phone.session().isSignedIn());
    android.app.AlertDialog dialog = (android.app.AlertDialog) ShadowDialog.getLatestDialog();
    dialog.getButton(android.app.AlertDialog.BUTTON_POSITIVE).performClick();
    phone.idle();
    assertFalse(phone.session().isSignedIn());
    Intent next = Shadows.shadowOf(phone.screen()).getNextStartedActivity();
    assertEquals(WelcomeActivity.class.getName(), next.getComponent().getClassName());
  }

  /** The conversation whose screen was asked for; null for none. */
  private String openedThread() {
    for (Intent next = next(); next != null; next = next()) {
      boolean thread = next.getComponent() != null && next.getComponent().getClassName().equals(ThreadActivity.class.getName());
      if (thread) return next.getStringExtra("conversation");
    }
    return null;
  }

  private Intent next() {
    return Shadows.shadowOf(phone.screen()).getNextStartedActivity();
  }
}
