package chat.otvet.android.background;

import android.content.Context;
import android.net.ConnectivityManager;
import android.net.Network;
import android.os.Handler;
import android.os.Looper;

/** What the system says about the network. Its word is only a hint: back-off goes on trying where it is wrong. */
public final class NetworkWatch {
  private final ConnectivityManager manager;
  private final Handler main = new Handler(Looper.getMainLooper());
  private ConnectivityManager.NetworkCallback callback;
  private volatile boolean offline;

  public NetworkWatch(Context context) {
    manager = context.getSystemService(ConnectivityManager.class);
  }

  public boolean isOffline() {
    return offline;
  }

  /** Both are called on the main thread. */
  public void start(Runnable available, Runnable lost) {
    offline = manager.getActiveNetwork() == null;
    callback = new ConnectivityManager.NetworkCallback() {
      @Override
      public void onAvailable(Network network) {
        offline = false;
        main.post(available);
      }

      @Override
      public void onLost(Network network) {
        // Where another network takes over, it is announced instead.
        offline = true;
        main.post(lost);
      }
    };
    manager.registerDefaultNetworkCallback(callback);
  }

  public void stop() {
    if (callback != null) manager.unregisterNetworkCallback(callback);
    callback = null;
  }
}
