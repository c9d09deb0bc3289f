package chat.otvet.android.phone;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import chat.otvet.android.R;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.connection.ConnectionState;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.server.TlsServer;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;

/** Which servers the app talks to, with a pin and without one. */
@RunWith(RobolectricTestRunner.class)
public class PinTest {
  private static final String OTHER_PIN = "sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
  private static final String UNTRUSTED =
      "Perhaps this is not the right server: its certificate is not trusted, or lacks the key of your pin. Nothing was sent to it.";

  @Rule public final TlsServer server = new TlsServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void theRightPinConnects() throws Exception {
    server.trust(true);
    enter(server.pin());
    phone.await("signed in", () -> phone.session().isSignedIn());
    phone.open(ConversationsActivity.class);
    phone.await("the hello", () -> !server.frames.isEmpty());
    assertTrue(server.frames.take().contains("\"hello\""));
  }

  @Test
  public void aWrongPinIsRefusedThoughTheCertificateIsTrusted() throws Exception {
    server.trust(true);
    enter(OTHER_PIN);
    phone.await("the refusal", () -> phone.isShown(R.id.problem));
    assertEquals(UNTRUSTED, phone.text(R.id.problem));
    assertFalse(phone.session().isSignedIn());
    assertEquals("nothing was sent", 0, server.requests());
  }

  @Test
  public void aPinDoesNotReplaceTheTrustStore() throws Exception {
    enter(server.pin());
    phone.await("the refusal", () -> phone.isShown(R.id.problem));
    assertEquals(UNTRUSTED, phone.text(R.id.problem));
    assertEquals("nothing was sent", 0, server.requests());
  }

  @Test
  public void withoutAPinTheTrustStoreDecides() throws Exception {
    enter("");
    phone.await("the refusal", () -> phone.isShown(R.id.problem));
    assertEquals(UNTRUSTED, phone.text(R.id.problem));
    assertEquals("nothing was sent", 0, server.requests());
    server.trust(true);
    phone.tap(R.id.submit);
    phone.await("signed in", () -> phone.session().isSignedIn());
  }

  @Test
  public void anotherKeyLocksASignedInAppOutAndSaysSo() throws Exception {
    server.trust(true);
    enter(server.pin());
    phone.await("signed in", () -> phone.session().isSignedIn());
    phone.open(ConversationsActivity.class);
    phone.await("the hello", () -> !server.frames.isEmpty());
    int before = server.requests();
    server.changeKey();
    phone.await("the distrust", () -> {
      phone.session().woke();
      return phone.session().view() != null && phone.session().view().state == ConnectionState.UNTRUSTED;
    });
    phone.await("the banner", () -> phone.isShown(R.id.banner) && phone.text(R.id.banner_text).equals(UNTRUSTED));
    assertEquals("no token for the new key", before, server.requests());
    assertTrue(phone.session().isSignedIn());
  }

  private void enter(String pin) {
    phone.open(WelcomeActivity.class);
    phone.type(R.id.server, server.origin());
    phone.tap(R.id.more);
    phone.type(R.id.pin, pin);
    phone.tap(R.id.submit);
  }
}
