package chat.otvet.android.account;

import android.app.AlertDialog;
import android.content.Intent;
import android.os.Bundle;
import android.view.View;
import android.widget.ImageView;
import android.widget.TextView;
import chat.otvet.android.R;
import chat.otvet.android.delivery.ClientView;
import chat.otvet.android.screen.Avatar;
import chat.otvet.android.screen.ScreenActivity;

/** Who is signed in, and the way out. */
public final class AccountActivity extends ScreenActivity {
  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    if (!session().isSignedIn()) {
      finish();
      return;
    }
    setContentView(R.layout.account);
    drawEdgeToEdge(findViewById(R.id.root));
    Account account = session().account();
    boolean guest = account.person.isGuest();
    this.<ImageView>findViewById(R.id.avatar).setImageDrawable(new Avatar(this, account.person));
    this.<TextView>findViewById(R.id.name).setText(account.person.name.isEmpty() ? getString(R.string.guest) : account.person.name);
    this.<TextView>findViewById(R.id.server).setText(account.origin.substring(account.origin.indexOf("://") + 3));
    findViewById(R.id.guest).setVisibility(guest ? View.VISIBLE : View.GONE);
    findViewById(R.id.back).setOnClickListener(view -> finish());
    findViewById(R.id.register).setOnClickListener(view -> startActivity(WelcomeActivity.intent(this, WelcomeActivity.Form.REGISTER)));
    findViewById(R.id.sign_in).setOnClickListener(view -> startActivity(WelcomeActivity.intent(this, WelcomeActivity.Form.LOGIN)));
    findViewById(R.id.devices).setOnClickListener(view -> startActivity(new Intent(this, DevicesActivity.class)));
    findViewById(R.id.sign_out).setOnClickListener(view -> askToLeave(guest));
  }

  private void askToLeave(boolean guest) {
    ClientView view = session().view();
    boolean unsent = view != null && !view.queue.isEmpty();
    if (!guest && !unsent) {
      leave();
      return;
    }
    new AlertDialog.Builder(this).setMessage(guest ? R.string.sign_out_guest : R.string.sign_out_unsent)
        .setPositiveButton(R.string.sign_out_anyway, (dialog, which) -> leave()).setNegativeButton(R.string.cancel, null).show();
  }

  /** Without a network the token is forgotten here all the same. */
  private void leave() {
    Rest rest = session().rest();
    new Thread(() -> {
      try {
        rest.logout();
      } catch (ProblemException e) {
        // The token then ends by itself, or from another device.
        android.util.Log.i("Otvet", "the server was not told of the sign-out: " + e.code);
      }
    }, "sign-out").start();
    session().leave();
  }
}
