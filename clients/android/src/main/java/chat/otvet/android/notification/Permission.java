package chat.otvet.android.notification;

import android.Manifest;
import android.app.Activity;
import android.content.Context;
import android.content.SharedPreferences;
import android.content.pm.PackageManager;
import android.os.Build;
import chat.otvet.android.RequiresApi;

/** From Android 13 a person decides whether an app may notify. Asked once, when there is something to hear of. */
public final class Permission {
  private static final String ASKED = "notifications.asked";

  private Permission() {}

  public static void askOnce(Activity activity) {
    if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) ask(activity);
  }

  @RequiresApi(Build.VERSION_CODES.TIRAMISU)
  private static void ask(Activity activity) {
    SharedPreferences preferences = activity.getSharedPreferences("asked", Context.MODE_PRIVATE);
    if (preferences.getBoolean(ASKED, false)) return;
    preferences.edit().putBoolean(ASKED, true).apply();
    if (activity.checkSelfPermission(Manifest.permission.POST_NOTIFICATIONS) == PackageManager.PERMISSION_GRANTED) return;
    activity.requestPermissions(new String[] {Manifest.permission.POST_NOTIFICATIONS}, 1);
  }
}
