package chat.otvet.android.account;

import chat.otvet.android.protocol.JsonText;
import chat.otvet.android.protocol.MalformedFrameException;
import chat.otvet.android.protocol.Person;
import chat.otvet.android.protocol.Summary;
import chat.otvet.android.protocol.Tree;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;

/** The REST interface as far as the app uses it. Every method waits for the answer, so none is for the main thread. */
public final class Rest {
  /** What a sign-in gives. */
  public static final class SignedIn {
    public final String token;
    public final Person person;

    SignedIn(String token, Person person) {
      this.token = token;
      this.person = person;
    }
  }

  /** A part of the list. */
  public static final class Page {
    public final List<Summary> conversations;
    /** Opaque; null on the last page. */
    public final String next;

    Page(List<Summary> conversations, String next) {
      this.conversations = conversations;
      this.next = next;
    }
  }

  private static final MediaType JSON = MediaType.get("application/json");

  private final OkHttpClient http;
  private final HttpUrl base;
  private final String token;

  /** @param token null before the sign-in */
  public Rest(OkHttpClient http, String origin, String token) {
    this.http = http;
    this.base = HttpUrl.get(origin + "/api/v1/");
    this.token = token;
  }

  public SignedIn login(String email, String password, String deviceName, String guestToken) throws ProblemException {
    return signedIn("login", fields("email", email, "password", password, "device_name", deviceName, "guest_token", guestToken));
  }

  public SignedIn register(String name, String email, String password, String guestToken) throws ProblemException {
    return signedIn("register", fields("name", name, "email", email, "password", password, "guest_token", guestToken));
  }

  public SignedIn guest(String name) throws ProblemException {
    return signedIn("guest", fields("name", name == null || name.trim().isEmpty() ? null : name.trim()));
  }

  public void logout() throws ProblemException {
    call("POST", url("logout"), Collections.emptyMap());
  }

  /** The person's devices, the newest first. */
  public List<Device> devices() throws ProblemException {
    try {
      List<Device> devices = new ArrayList<>();
      for (Tree device : call("GET", url("tokens"), null).objects("data")) {
        devices.add(new Device(device.number("id"), device.text("name"), device.optionalText("last_used_at"), device.flag("current")));
      }
      return devices;
    } catch (MalformedFrameException e) {
      throw ProblemException.network(e);
    }
  }

  public void signOut(long device) throws ProblemException {
    call("DELETE", url("tokens/" + device), null);
  }

  /** @param cursor null for the first page */
  public Page conversations(String cursor) throws ProblemException {
    try {
      HttpUrl.Builder url = url("conversations").newBuilder();
      if (cursor != null) url.addQueryParameter("cursor", cursor);
      Tree page = call("GET", url.build(), null);
      List<Summary> conversations = new ArrayList<>();
      for (Tree conversation : page.objects("data")) conversations.add(Summary.read(conversation));
      return new Page(conversations, page.optionalText("next"));
    } catch (MalformedFrameException e) {
      throw ProblemException.network(e);
    }
  }

  public Summary conversation(String id) throws ProblemException {
    try {
      return Summary.read(call("GET", url("conversations/" + id), null));
    } catch (MalformedFrameException e) {
      throw ProblemException.network(e);
    }
  }

  private SignedIn signedIn(String path, Map<String, Object> body) throws ProblemException {
    try {
      Tree answer = call("POST", url(path), body);
      Tree person = answer.object("person");
      return new SignedIn(answer.text("token"), new Person(person.text("id"), person.text("role"), person.text("name")));
    } catch (MalformedFrameException e) {
      throw ProblemException.network(e);
    }
  }

  private HttpUrl url(String path) {
    HttpUrl url = base.resolve(path);
    if (url == null) throw new IllegalArgumentException(path);
    return url;
  }

  private Tree call(String method, HttpUrl url, Map<String, Object> body) throws ProblemException {
    Request.Builder request = new Request.Builder().url(url).header("Accept", "application/json");
    if (token != null) request.header("Authorization", "Bearer " + token);
    request.method(method, body == null ? null : RequestBody.create(JsonText.encode(body), JSON));
    try (Response response = http.newCall(request.build()).execute()) {
      String text = response.body() == null ? "" : response.body().string();
      if (!response.isSuccessful()) throw problem(response, text);
      return new Tree(text.isEmpty() ? Collections.emptyMap() : JsonText.decode(text));
    } catch (IOException | MalformedFrameException e) {
      throw ProblemException.network(e);
    }
  }

  private static ProblemException problem(Response response, String text) {
    Map<String, String> errors = new LinkedHashMap<>();
    String code = "internal";
    try {
      Map<String, Object> body = JsonText.decode(text);
      if (body.get("code") instanceof String) code = (String) body.get("code");
      if (body.get("errors") instanceof Map) {
        for (Map.Entry<?, ?> error : ((Map<?, ?>) body.get("errors")).entrySet()) {
          List<?> words = error.getValue() instanceof List ? (List<?>) error.getValue() : Collections.emptyList();
          if (!words.isEmpty()) errors.put(String.valueOf(error.getKey()), String.valueOf(words.get(0)));
        }
      }
    } catch (MalformedFrameException e) {
      // A proxy before the server answers in its own words; the status says enough.
      code = "internal";
    }
    return new ProblemException(response.code(), code, errors, seconds(response.header("Retry-After")));
  }

  private static long seconds(String header) {
    try {
      return header == null ? 0 : Long.parseLong(header.trim());
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static Map<String, Object> fields(String... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      if (namesAndValues[i + 1] != null) fields.put(namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }
}
