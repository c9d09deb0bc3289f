package chat.otvet.android.screen;

import android.app.Activity;
import android.os.Handler;
import android.os.Looper;
import android.view.View;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.connection.ConnectionState;

/** Tells how the connection is, as far as the person must know. */
public final class Banner {
  /** Most connections take a moment: only a slow one is worth a word. */
  private static final long PATIENCE_MS = 1200;

  private final View banner;
  private final TextView words;
  private final Handler main = new Handler(Looper.getMainLooper());
  private final Runnable showConnecting = () -> show(R.string.connecting);
  private ConnectionState shown;

  public Banner(Activity activity) {
    banner = activity.findViewById(R.id.banner);
    words = activity.findViewById(R.id.banner_text);
  }

  public void show(ConnectionState state) {
    if (state == shown) return;
    shown = state;
    main.removeCallbacks(showConnecting);
    switch (state) {
      case CONNECTING:
        // What an earlier state has put there stays until this attempt is over.
        if (banner.getVisibility() != View.VISIBLE) main.postDelayed(showConnecting, PATIENCE_MS);
        break;
      case WAITING:
      case OFFLINE:
        show(R.string.offline);
        break;
      case UNTRUSTED:
        show(R.string.untrusted);
        break;
      case REFUSED:
        show(R.string.refused);
        break;
      default:
        banner.setVisibility(View.GONE);
    }
  }

  /** The screen goes. */
  public void end() {
    main.removeCallbacks(showConnecting);
  }

  private void show(int text) {
    words.setText(text);
    banner.setVisibility(View.VISIBLE);
  }
}
