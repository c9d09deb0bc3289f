package chat.otvet.android.account;

import android.os.Bundle;
import android.view.View;
import android.view.ViewGroup;
import android.widget.TextView;
import android.widget.Toast;
import chat.otvet.android.R;
import chat.otvet.android.screen.ScreenActivity;
import chat.otvet.android.screen.Words;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Where the person is signed in, and signing out elsewhere. */
public final class DevicesActivity extends ScreenActivity {
  private final ExecutorService calls = Executors.newSingleThreadExecutor();
  private Words words;

  private interface Call {
    List<Device> devices(Rest rest) throws ProblemException;
  }

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    if (!session().isSignedIn()) {
      finish();
      return;
    }
    setContentView(R.layout.devices);
    drawEdgeToEdge(findViewById(R.id.root));
    words = new Words(this);
    findViewById(R.id.back).setOnClickListener(view -> finish());
    call(Rest::devices, null);
  }

  @Override
  protected void onDestroy() {
    calls.shutdown();
    super.onDestroy();
  }

  private void call(Call call, String said) {
    Rest rest = session().rest();
    calls.execute(() -> {
      Runnable outcome;
      try {
        List<Device> devices = call.devices(rest);
        outcome = () -> show(devices, said);
      } catch (ProblemException e) {
        outcome = () -> problem(e);
      }
      runOnUiThread(outcome);
    });
  }

  private void show(List<Device> devices, String said) {
    findViewById(R.id.problem).setVisibility(View.GONE);
    ViewGroup place = findViewById(R.id.devices);
    place.removeAllViews();
    for (Device device : devices) place.addView(row(place, device));
    if (said != null) Toast.makeText(this, said, Toast.LENGTH_SHORT).show();
  }

  private View row(ViewGroup place, Device device) {
    View row = getLayoutInflater().inflate(R.layout.device, place, false);
    row.<TextView>findViewById(R.id.device_name).setText(device.name);
    String used = device.lastUsedAt == null ? getString(R.string.never_used) : getString(R.string.last_used, words.brief(Words.time(device.lastUsedAt)));
    row.<TextView>findViewById(R.id.device_used).setText(device.current ? getString(R.string.this_device) : used);
    View signOut = row.findViewById(R.id.device_sign_out);
    signOut.setVisibility(device.current ? View.GONE : View.VISIBLE);
    signOut.setContentDescription(getString(R.string.revoke_of, device.name));
    signOut.setOnClickListener(view -> call(rest -> {
      rest.signOut(device.id);
      return rest.devices();
    }, getString(R.string.revoked, device.name)));
    return row;
  }

  private void problem(ProblemException e) {
    TextView problem = findViewById(R.id.problem);
    problem.setText(e.status == 0 ? e.unanswered() : R.string.error_unknown);
    problem.setVisibility(View.VISIBLE);
  }
}
