package chat.otvet.android.thread;

import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import chat.otvet.android.R;
import chat.otvet.android.delivery.Observers;
import chat.otvet.android.screen.Banner;
import chat.otvet.android.screen.ScreenActivity;

/** One conversation on a phone. */
public final class ThreadActivity extends ScreenActivity {
  private static final String CONVERSATION = "conversation";

  private ThreadPane pane;
  private Banner banner;
  private Observers.Subscription subscription;

  public static Intent intent(Context context, String conversation) {
    return new Intent(context, ThreadActivity.class).putExtra(CONVERSATION, conversation);
  }

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    if (!session().isSignedIn()) {
      finish();
      return;
    }
    setContentView(R.layout.thread_screen);
    drawEdgeToEdge(findViewById(R.id.root));
    banner = new Banner(this);
    pane = new ThreadPane(this, session(), getIntent().getStringExtra(CONVERSATION), findViewById(R.id.pane), true);
    if (state != null) pane.restore(state);
  }

  @Override
  protected void onSaveInstanceState(Bundle state) {
    super.onSaveInstanceState(state);
    if (pane != null) pane.save(state);
  }

  @Override
  protected void onStart() {
    super.onStart();
    if (pane == null || session().client() == null) return;
    subscription = session().client().observers().list(view -> banner.show(view.state));
    pane.start();
  }

  @Override
  protected void onStop() {
    if (subscription != null) {
      subscription.end();
      subscription = null;
      pane.stop();
      banner.end();
    }
    super.onStop();
  }
}
