package androidx.test.runner.intent;

/** Takes the monitor that Robolectric registers. */
public final class IntentMonitorRegistry {
  private IntentMonitorRegistry() {}

  public static void registerInstance(IntentMonitor monitor) {}
}
