package androidx.test.platform.app;

import android.app.Instrumentation;
import android.os.Bundle;

/** Holds the instrumentation that Robolectric registers. */
public final class InstrumentationRegistry {
  private static volatile Instrumentation instrumentation;

  private InstrumentationRegistry() {}

  public static Instrumentation getInstrumentation() {
    return instrumentation;
  }

  public static void registerInstance(Instrumentation registered, Bundle arguments) {
    instrumentation = registered;
  }
}
