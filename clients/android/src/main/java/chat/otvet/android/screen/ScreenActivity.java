package chat.otvet.android.screen;

import android.app.Activity;
import android.os.Build;
import android.view.View;
import android.view.WindowInsets;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.RequiresApi;
import chat.otvet.android.account.Session;

/** What all screens share: they hold the connection while they are seen, and draw from edge to edge. */
public abstract class ScreenActivity extends Activity {
  protected final Session session() {
    return OtvetApplication.of(this).session();
  }

  @Override
  protected void onStart() {
    super.onStart();
    session().hold(this);
  }

  @Override
  protected void onStop() {
    session().release(this);
    super.onStop();
  }

  /** Draws behind the bars and keeps {@code root}'s content clear of bars, cutouts and the keyboard. */
  protected final void drawEdgeToEdge(View root) {
    // Before Android 11 the system itself keeps content clear; since 15 it does not any more.
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) keepClear(root);
  }

  @RequiresApi(Build.VERSION_CODES.R)
  private void keepClear(View root) {
    getWindow().setDecorFitsSystemWindows(false);
    int left = root.getPaddingLeft();
    int top = root.getPaddingTop();
    int right = root.getPaddingRight();
    int bottom = root.getPaddingBottom();
    root.setOnApplyWindowInsetsListener((view, insets) -> {
      android.graphics.Insets taken =
          insets.getInsets(WindowInsets.Type.systemBars() | WindowInsets.Type.displayCutout() | WindowInsets.Type.ime());
      view.setPadding(left + taken.left, top + taken.top, right + taken.right, bottom + taken.bottom);
      return WindowInsets.CONSUMED;
    });
  }
}
