package chat.otvet.android.account;

import android.security.keystore.KeyGenParameterSpec;
import android.security.keystore.KeyProperties;
import android.util.Base64;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

/** Seals the token with a key of the Android Keystore, which never leaves the device. */
final class TokenVault {
  private static final String KEYSTORE = "AndroidKeyStore";
  private static final String KEY = "token";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int IV_BYTES = 12;
  private static final int TAG_BITS = 128;

  /** Text that is worthless without this device's key. */
  String seal(String token) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(Cipher.ENCRYPT_MODE, key());
    byte[] iv = cipher.getIV();
    byte[] sealed = cipher.doFinal(token.getBytes(StandardCharsets.UTF_8));
    byte[] both = Arrays.copyOf(iv, iv.length + sealed.length);
    System.arraycopy(sealed, 0, both, iv.length, sealed.length);
    return Base64.encodeToString(both, Base64.NO_WRAP);
  }

  /** Fails when the key is another one: the app was restored to another device, or the device's lock was reset. */
  String open(String sealed) throws GeneralSecurityException {
    byte[] both;
    try {
      both = Base64.decode(sealed, Base64.NO_WRAP);
    } catch (IllegalArgumentException e) {
      throw new GeneralSecurityException("not sealed by this vault", e);
    }
    if (both.length <= IV_BYTES) throw new GeneralSecurityException("not sealed by this vault");
    Cipher cipher = Cipher.getInstance(CIPHER);
    cipher.init(Cipher.DECRYPT_MODE, key(), new GCMParameterSpec(TAG_BITS, both, 0, IV_BYTES));
    return new String(cipher.doFinal(both, IV_BYTES, both.length - IV_BYTES), StandardCharsets.UTF_8);
  }

  private static SecretKey key() throws GeneralSecurityException {
    try {
      KeyStore keys = KeyStore.getInstance(KEYSTORE);
      keys.load(null);
      if (keys.containsAlias(KEY)) return (SecretKey) keys.getKey(KEY, null);
    } catch (IOException e) {
      throw new GeneralSecurityException(e);
    }
    KeyGenerator generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, KEYSTORE);
    generator.init(new KeyGenParameterSpec.Builder(KEY, KeyProperties.PURPOSE_ENCRYPT | KeyProperties.PURPOSE_DECRYPT)
        .setBlockModes(KeyProperties.BLOCK_MODE_GCM).setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE).setKeySize(256).build());
    return generator.generateKey();
  }
}
