package chat.otvet.android.plan;

import chat.otvet.android.protocol.JsonText;
import chat.otvet.android.protocol.Person;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;

/**
 * Phones with the app's own connection, store and queue, driven by chance beside web sessions of the same people. It is the
 * other half of {@code tests/tests/phone.rs}, which starts it, gives it the people, and holds its logs against the checker.
 * The two talk through files in the folder {@code OTVET_PLAN}.
 */
@RunWith(RobolectricTestRunner.class)
public class PhonePlan {
  private static final long PATIENCE_MS = 120_000;

  private final Path folder = Path.of(System.getenv("OTVET_PLAN"));

  @Test
  public void phonesActUntilTheyAreToldToRest() throws Exception {
    Map<String, Object> plan = JsonText.decode(Files.readString(folder.resolve("plan.json")));
    int port = ((Long) plan.get("port")).intValue();
    Random random = new Random((Long) plan.get("seed"));
    List<PlanPhone> phones = new ArrayList<>();
    for (Object one : (List<?>) plan.get("people")) {
      Map<?, ?> identity = (Map<?, ?>) one;
      @SuppressWarnings("unchecked")
      Person person = Person.of((Map<String, Object>) identity.get("person"));
      Path log = folder.resolve("phone-" + phones.size() + ".log");
      phones.add(
          new PlanPhone(port, person, (String) identity.get("token"), RuntimeEnvironment.getApplication(), new PhoneLog(log), new Random(random.nextLong())));
    }
    say("started");
    while (!isSaid("rest")) {
      // The pace of the load, not a wait for anything.
      Thread.sleep(5 + random.nextInt(30));
      phones.get(random.nextInt(phones.size())).act();
    }
    for (PlanPhone phone : phones) phone.rest();
    for (PlanPhone phone : phones) await(phone::isAtRest, phone + " is at rest");
    say("rested");
    await(() -> isSaid("end"), "the end");
    for (PlanPhone phone : phones) await(phone::isQuiet, phone + " is quiet");
    for (PlanPhone phone : phones) phone.end();
    say("ended");
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition, String what) throws Exception {
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (!condition.holds()) {
      if (System.currentTimeMillis() > end) throw new AssertionError("waited in vain: " + what);
      Thread.sleep(20);
    }
  }

  private void say(String word) throws Exception {
    Files.createFile(folder.resolve(word));
  }

  private boolean isSaid(String word) {
    return Files.exists(folder.resolve(word));
  }
}
