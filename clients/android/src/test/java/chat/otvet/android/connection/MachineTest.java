package chat.otvet.android.connection;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.Test;

public class MachineTest {
  private final List<String> done = new ArrayList<>();
  private final Machine machine = new Machine(new Machine.Actions() {
    @Override
    public void openSocket() {
      done.add("open");
    }

    @Override
    public void sendHello() {
      done.add("hello");
    }

    @Override
    public void sendPing() {
      done.add("ping");
    }

    @Override
    public void dropSocket() {
      done.add("drop");
    }

    @Override
    public void lost() {
      done.add("lost");
    }

    @Override
    public void arm(Machine.Purpose purpose, long ms) {
      done.add(purpose + " " + ms);
    }

    @Override
    public void armRetry(int attempt, long atLeastMs) {
      done.add("retry " + attempt + " " + atLeastMs);
    }

    @Override
    public void disarm() {
      done.add("disarm");
    }
  });

  @Test
  public void comesOnlineAndAsksWhenItHearsNothing() {
    machine.start(false);
    machine.opened();
    machine.ready(25_000);
    assertEquals(ConnectionState.ONLINE, machine.state());
    expect("CONNECT 15000", "open", "hello", "HEARTBEAT 25000");
    machine.timer(Machine.Purpose.HEARTBEAT);
    expect("ping", "PONG 10000");
    machine.received();
    expect("HEARTBEAT 25000");
    machine.timer(Machine.Purpose.HEARTBEAT);
    machine.timer(Machine.Purpose.PONG);
    expect("ping", "PONG 10000", "drop", "lost", "retry 0 0");
    assertEquals(ConnectionState.WAITING, machine.state());
  }

  @Test
  public void countsFailuresSinceTheLastReadyAndHonoursBye() {
    machine.start(false);
    machine.closed(1006, false);
    machine.timer(Machine.Purpose.RETRY);
    machine.timer(Machine.Purpose.CONNECT);
    expect("CONNECT 15000", "open", "lost", "retry 0 0", "CONNECT 15000", "open", "drop", "lost", "retry 1 0");
    machine.timer(Machine.Purpose.RETRY);
    machine.opened();
    machine.ready(1000);
    machine.bye(700);
    done.clear();
    machine.closed(1012, false);
    expect("lost", "retry 0 700");
  }

  @Test
  public void closeCodesDecideWhetherItComesBack() {
    for (int code : new int[] {1000, 1006, 1007, 1009, 1012, 4500, 4504, 4508, 4529}) assertEquals(CloseCode.RETURN, CloseCode.of(code));
    assertEquals(CloseCode.SIGN_IN, CloseCode.of(4401));
    for (int code : new int[] {4400, 4403, 4499}) assertEquals(CloseCode.STAY_AWAY, CloseCode.of(code));
    machine.start(false);
    done.clear();
    machine.closed(4401, false);
    assertEquals(ConnectionState.SIGNED_OUT, machine.state());
    expect("disarm", "lost");
  }

  @Test
  public void aServerThatIsNotTrustedIsTriedAgainAndSaidToBeSo() {
    machine.start(false);
    machine.closed(CloseCode.UNTRUSTED, false);
    assertEquals(ConnectionState.UNTRUSTED, machine.state());
    expect("CONNECT 15000", "open", "lost", "retry 0 0");
    machine.timer(Machine.Purpose.RETRY);
    assertEquals(ConnectionState.CONNECTING, machine.state());
    machine.closed(CloseCode.UNTRUSTED, false);
    machine.wentOffline();
    assertEquals(ConnectionState.OFFLINE, machine.state());
  }

  @Test
  public void followsTheNetwork() {
    machine.start(true);
    assertEquals(ConnectionState.OFFLINE, machine.state());
    expect();
    machine.woke();
    machine.opened();
    machine.ready(25_000);
    done.clear();
    machine.wentOffline();
    expect("disarm", "drop", "lost");
    assertEquals(ConnectionState.OFFLINE, machine.state());
    machine.woke();
    machine.opened();
    machine.ready(25_000);
    done.clear();
    machine.woke();
    expect("ping", "PONG 10000");
  }

  @Test
  public void jitterIsFullAndBounded() {
    assertEquals(0, Backoff.delay(0, 0, 0));
    assertEquals(250, Backoff.delay(0, 0.5, 0));
    assertEquals(700 + 250, Backoff.delay(0, 0.5, 700));
    assertEquals(4000, Backoff.delay(4, 0.5, 0));
    for (int attempt = 0; attempt < 70; attempt++) assertTrue(Backoff.delay(attempt, 0.999999, 0) <= 30_000);
  }

  private void expect(String... actions) {
    assertEquals(List.of(actions), done);
    done.clear();
  }
}
