package chat.otvet.android.account;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertThrows;

import chat.otvet.android.account.ServerAddress.Problem;
import chat.otvet.android.account.ServerAddress.ProblemException;
import java.util.List;
import org.junit.Test;

public class AddressTest {
  private static final String ID = "0192f0c1-2345-7abc-8def-0123456789ab";

  @Test
  public void whateverIsPastedBecomesAnOrigin() throws ProblemException {
    assertEquals("https://chat.example.com", origin(" chat.example.com "));
    assertEquals("https://chat.example.com", origin("HTTPS://Chat.Example.com:443/path?query#/c/1"));
    assertEquals("https://chat.example.com:8443", origin("chat.example.com:8443/"));
    assertEquals("https://[::1]:8443", origin("https://[::1]:8443"));
    assertEquals("http://10.0.2.2:8080", origin("http://10.0.2.2:8080"));
  }

  @Test
  public void whatIsNoAddressOrNotEncryptedIsRefused() {
    refused(Problem.EMPTY, "  ");
    refused(Problem.INVALID, "ftp://chat.example.com");
    refused(Problem.INVALID, "https://");
    refused(Problem.INVALID, "https://anna:secret@chat.example.com");
    refused(Problem.CLEARTEXT, "http://chat.example.com");
    refused(Problem.CLEARTEXT, "http://127.0.0.1:8080");
    refused(Problem.CLEARTEXT, "http://10.0.2.2.example.com");
  }

  @Test
  public void linksNameTheirConversation() {
    assertEquals(ID, ConversationLink.parse("https://chat.example.com/#/c/" + ID).conversation);
    assertEquals("https://chat.example.com", ConversationLink.parse("https://chat.example.com/#/c/" + ID).origin);
    assertNull(ConversationLink.parse("https://chat.example.com/#/ask").conversation);
    assertNull(ConversationLink.parse("https://chat.example.com/#/c/../../etc").conversation);
    assertNull(ConversationLink.parse("otvet:open/" + ID));
    assertNull(ConversationLink.parse(null));
  }

  private static String origin(String typed) throws ProblemException {
    return ServerAddress.origin(typed, List.of("10.0.2.2"));
  }

  private static void refused(Problem problem, String typed) {
    assertEquals(typed, problem, assertThrows(typed, ProblemException.class, () -> origin(typed)).problem);
  }
}
