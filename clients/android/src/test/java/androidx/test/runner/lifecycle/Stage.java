package androidx.test.runner.lifecycle;

/** Where an activity is in its life, in the order that Robolectric compares. */
public enum Stage {
  PRE_ON_CREATE, CREATED, STARTED, RESUMED, PAUSED, STOPPED, RESTARTED, DESTROYED
}
