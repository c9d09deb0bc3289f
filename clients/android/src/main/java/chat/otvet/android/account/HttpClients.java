package chat.otvet.android.account;

import java.util.Collections;
import java.util.concurrent.TimeUnit;
import okhttp3.CertificatePinner;
import okhttp3.ConnectionSpec;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;

/** HTTP clients that talk to one server and to it in one way only. */
public final class HttpClients {
  private HttpClients() {}

  /**
   * @param pin {@code sha256/…} that the server's certificate chain must contain; null for none
   * @throws IllegalArgumentException when the pin is none
   */
  public static OkHttpClient to(String origin, String pin) {
    HttpUrl url = HttpUrl.get(origin);
    OkHttpClient.Builder builder = new OkHttpClient.Builder()
        .connectTimeout(10, TimeUnit.SECONDS)
        .readTimeout(30, TimeUnit.SECONDS)
        // A redirect would carry the password or the token to a place that nobody has looked at.
        .followRedirects(false)
        .connectionSpecs(Collections.singletonList(url.isHttps() ? ConnectionSpec.MODERN_TLS : ConnectionSpec.CLEARTEXT));
    if (pin != null) builder.certificatePinner(new CertificatePinner.Builder().add(url.host(), pin).build());
    return builder.build();
  }
}
