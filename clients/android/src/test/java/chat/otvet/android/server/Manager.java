package chat.otvet.android.server;

import chat.otvet.android.account.HttpClients;
import chat.otvet.android.account.ProblemException;
import chat.otvet.android.account.Rest;
import chat.otvet.android.protocol.JsonText;
import chat.otvet.android.protocol.MalformedFrameException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** Somebody who uses REST at the other end: a manager who answers, or a visitor's other device. */
public final class Manager {
  private static final MediaType JSON = MediaType.get("application/json");

  private final String base;
  private final OkHttpClient http;
  private final String token;

  private Manager(String origin, String token) {
    base = origin + "/api/v1";
    this.token = token;
    // Long waits in a test must not meet a connection that the server has closed meanwhile.
    http = HttpClients.to(origin, null).newBuilder().connectionPool(new ConnectionPool(16, 2, TimeUnit.SECONDS)).build();
  }

  /** A new manager of this server. */
  public static Manager of(OtvetServer server, String name) throws Exception {
    String email = name.toLowerCase(java.util.Locale.ROOT) + "@example.com";
    server.addPerson(email, name, "manager");
    return signIn(server, email);
  }

  /** Somebody who has an account. */
  public static Manager signIn(OtvetServer server, String email) throws ProblemException {
    Rest rest = new Rest(HttpClients.to(server.origin(), null), server.origin(), null);
    return new Manager(server.origin(), rest.login(email, OtvetServer.PASSWORD, "the other device", null).token);
  }

  public void answer(String conversation, String body) {
    call("POST", "/conversations/" + conversation + "/messages", Map.of("body", body, "key", java.util.UUID.randomUUID().toString()));
  }

  public void read(String conversation, long seq) {
    call("POST", "/conversations/" + conversation + "/read", Map.of("seq", seq));
  }

  public void resolve(String conversation) {
    call("POST", "/conversations/" + conversation + "/resolve", Map.of());
  }

  /** Ids of all conversations, the most recently updated first. */
  public List<String> conversations() {
    List<String> ids = new ArrayList<>();
    for (Object one : (List<?>) call("GET", "/conversations", null).get("data")) ids.add((String) ((Map<?, ?>) one).get("id"));
    return ids;
  }

  /** Bodies of all messages of a conversation, in order. */
  public List<String> messages(String conversation) {
    List<String> bodies = new ArrayList<>();
    long after = 0;
    for (boolean more = true; more; ) {
      Map<String, Object> page = call("GET", "/conversations/" + conversation + "/messages?limit=200&after=" + after, null);
      for (Object one : (List<?>) page.get("data")) {
        Map<?, ?> event = (Map<?, ?>) one;
        after = (Long) event.get("seq");
        if ("message".equals(event.get("kind"))) bodies.add((String) event.get("body"));
      }
      more = (Boolean) page.get("more");
    }
    return bodies;
  }

  /** Signs out every device of this person but the one that asks. */
  public void signOutOthers() {
    for (Object one : (List<?>) call("GET", "/tokens", null).get("data")) {
      Map<?, ?> device = (Map<?, ?>) one;
      if (!Boolean.TRUE.equals(device.get("current"))) call("DELETE", "/tokens/" + device.get("id"), null);
    }
  }

  private Map<String, Object> call(String method, String path, Map<String, Object> body) {
    Request request = new Request.Builder().url(base + path).header("Authorization", "Bearer " + token)
        .method(method, body == null ? null : RequestBody.create(JsonText.encode(body), JSON)).build();
    try (Response response = http.newCall(request).execute()) {
      String text = response.body().string();
      if (!response.isSuccessful()) throw new AssertionError(method + " " + path + ": " + response.code() + " " + text);
      return text.isEmpty() ? Map.of() : JsonText.decode(text);
    } catch (IOException | MalformedFrameException e) {
      throw new AssertionError(method + " " + path, e);
    }
  }
}
