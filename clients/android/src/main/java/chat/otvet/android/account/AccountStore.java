package chat.otvet.android.account;

import android.content.Context;
import android.content.SharedPreferences;
import android.util.Log;
import chat.otvet.android.protocol.Person;
import java.security.GeneralSecurityException;

/** Who is signed in, kept over restarts. The token is sealed; the rest says nothing that the screen would not. */
final class AccountStore {
  private static final String TAG = "Otvet";

  private final SharedPreferences preferences;
  private final TokenVault vault = new TokenVault();

  AccountStore(Context context) {
    preferences = context.getSharedPreferences("account", Context.MODE_PRIVATE);
  }

  /** Null when nobody is signed in. */
  Account load() {
    String sealed = preferences.getString("token", null);
    if (sealed == null) return null;
    try {
      Person person = new Person(preferences.getString("person.id", ""), preferences.getString("person.role", ""), preferences.getString("person.name", ""));
      return new Account(preferences.getString("origin", ""), vault.open(sealed), person, preferences.getString("pin", null));
    } catch (GeneralSecurityException e) {
      Log.w(TAG, "the stored token cannot be opened any more; sign in again");
      forget();
      return null;
    }
  }

  /** @throws GeneralSecurityException when the device cannot keep a secret; then nothing is stored */
  void save(Account account) throws GeneralSecurityException {
    preferences.edit().putString("token", vault.seal(account.token)).putString("origin", account.origin).putString("pin", account.pin)
        .putString("person.id", account.person.id).putString("person.role", account.person.role).putString("person.name", account.person.name).commit();
  }

  /** Forgets the token and the person; the server's address stays for the next sign-in. */
  void forget() {
    preferences.edit().remove("token").remove("person.id").remove("person.role").remove("person.name").commit();
  }

  /** The server of the last sign-in; empty before the first. */
  String lastOrigin() {
    return preferences.getString("origin", "");
  }

  String lastPin() {
    return preferences.getString("pin", null);
  }
}
