package chat.otvet.android.phone;

import java.io.InputStream;
import java.io.OutputStream;
import java.security.Key;
import java.security.KeyStoreSpi;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.util.Collections;
import java.util.Date;
import java.util.Enumeration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.KeyGenerator;
import javax.crypto.KeyGeneratorSpi;
import javax.crypto.SecretKey;

/** A keystore in the place of the device's, which a computer does not have. It keeps keys for as long as the tests run. */
public final class FakeKeystore extends Provider {
  private static final Map<String, SecretKey> KEYS = new ConcurrentHashMap<>();

  private FakeKeystore() {
    super("AndroidKeyStore", "1", "keys in memory");
    put("KeyStore.AndroidKeyStore", Store.class.getName());
    put("KeyGenerator.AES", Generator.class.getName());
  }

  /** Puts it behind all others: nobody gets it who does not name it. */
  public static void install() {
    Security.removeProvider("AndroidKeyStore");
    Security.addProvider(new FakeKeystore());
  }

  /** The device was reset: what was sealed cannot be opened any more. */
  public static void loseKeys() {
    KEYS.clear();
  }

  /** Makes keys of AES. */
  public static final class Generator extends KeyGeneratorSpi {
    private String alias;

    @Override
    protected void engineInit(SecureRandom random) {}

    @Override
    protected void engineInit(AlgorithmParameterSpec parameters, SecureRandom random) {
      alias = ((android.security.keystore.KeyGenParameterSpec) parameters).getKeystoreAlias();
    }

    @Override
    protected void engineInit(int size, SecureRandom random) {}

    @Override
    protected SecretKey engineGenerateKey() {
      try {
        KeyGenerator generator = KeyGenerator.getInstance("AES", "SunJCE");
        generator.init(256);
        SecretKey key = generator.generateKey();
        KEYS.put(alias, key);
        return key;
      } catch (java.security.GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    }
  }

  /** Gives keys to who names them. */
  public static final class Store extends KeyStoreSpi {
    @Override
    public Key engineGetKey(String alias, char[] password) {
      return KEYS.get(alias);
    }

    @Override
    public boolean engineContainsAlias(String alias) {
      return KEYS.containsKey(alias);
    }

    @Override
    public boolean engineIsKeyEntry(String alias) {
      return KEYS.containsKey(alias);
    }

    @Override
    public Enumeration<String> engineAliases() {
      return Collections.enumeration(KEYS.keySet());
    }

    @Override
    public int engineSize() {
      return KEYS.size();
    }

    @Override
    public void engineLoad(InputStream stream, char[] password) {}

    @Override
    public void engineDeleteEntry(String alias) {
      KEYS.remove(alias);
    }

    @Override
    public Certificate[] engineGetCertificateChain(String alias) {
      return null;
    }

    @Override
    public Certificate engineGetCertificate(String alias) {
      return null;
    }

    @Override
    public Date engineGetCreationDate(String alias) {
      return null;
    }

    @Override
    public void engineSetKeyEntry(String alias, Key key, char[] password, Certificate[] chain) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void engineSetKeyEntry(String alias, byte[] key, Certificate[] chain) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void engineSetCertificateEntry(String alias, Certificate certificate) {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean engineIsCertificateEntry(String alias) {
      return false;
    }

    @Override
    public String engineGetCertificateAlias(Certificate certificate) {
      return null;
    }

    @Override
    public void engineStore(OutputStream stream, char[] password) {
      throw new UnsupportedOperationException();
    }
  }
}
