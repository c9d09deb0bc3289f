package chat.otvet.android.notification;

import android.app.RemoteInput;
import android.content.BroadcastReceiver;
import android.content.Context;
import android.content.Intent;
import android.os.Bundle;
import chat.otvet.android.OtvetApplication;
import chat.otvet.android.background.CatchUpJob;

/** Takes a reply that was written into a notification: into the queue first, then on its way. */
public final class ReplyReceiver extends BroadcastReceiver {
  static final String TEXT = "text";

  @Override
  public void onReceive(Context context, Intent intent) {
    OtvetApplication app = OtvetApplication.of(context);
    Bundle input = RemoteInput.getResultsFromIntent(intent);
    CharSequence text = input == null ? null : input.getCharSequence(TEXT);
    String part = intent.getData() == null ? "" : intent.getData().getSchemeSpecificPart();
    if (text == null || text.toString().trim().isEmpty() || !part.startsWith("reply/") || app.session().client() == null) return;
    String conversation = part.substring("reply/".length());
    PendingResult result = goAsync();
    app.session().client().send(conversation, null, text.toString().trim(), item -> {
      app.notifier().replied(conversation, item.body);
      // It is kept by now: the job sends it even if this process ends here.
      CatchUpJob.soon(app);
      // Null when no broadcast is under way, as when a test calls directly.
      if (result != null) result.finish();
    });
  }
}
