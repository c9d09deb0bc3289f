package chat.otvet.android.phone;

import static org.junit.Assert.assertTrue;

import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.view.View;
import chat.otvet.android.R;
import chat.otvet.android.account.AccountActivity;
import chat.otvet.android.account.DevicesActivity;
import chat.otvet.android.account.WelcomeActivity;
import chat.otvet.android.conversations.AskActivity;
import chat.otvet.android.conversations.ConversationsActivity;
import chat.otvet.android.server.Manager;
import chat.otvet.android.server.OtvetServer;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.junit.ClassRule;
import org.junit.Rule;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;

/** Draws every screen in both languages and both themes, and on a tablet, for people to look at. */
@RunWith(RobolectricTestRunner.class)
public class PicturesTest {
  private static final Path FOLDER = Path.of(System.getProperty("otvet.pictures"));

  @ClassRule public static final OtvetServer SERVER = new OtvetServer();
  @Rule public final Phone phone = new Phone();

  @Test
  public void englishAndLight() throws Exception {
    draw("en-light", "+en-rGB-w411dp-h780dp-notnight-xhdpi", "Mark", false);
  }

  @Test
  public void englishAndDark() throws Exception {
    draw("en-dark", "+en-rGB-w411dp-h780dp-night-xhdpi", "Martin", false);
  }

  @Test
  public void russianAndLight() throws Exception {
    draw("ru-light", "+ru-rRU-w411dp-h780dp-notnight-xhdpi", "Марк", true);
  }

  @Test
  public void russianAndDark() throws Exception {
    draw("ru-dark", "+ru-rRU-w411dp-h780dp-night-xhdpi", "Мария", true);
  }

  @Test
  public void aTablet() throws Exception {
    RuntimeEnvironment.setQualifiers("+en-rGB-w1080dp-h720dp-land-notnight-mdpi");
    phone.enterAsGuest(SERVER.origin(), "Anna Stone");
    Manager manager = Manager.of(SERVER, "Tessa");
    String conversation = story(manager, false);
    phone.open(ConversationsActivity.class, ConversationsActivity.intent(phone.app(), conversation));
    phone.await("the thread beside the list", () -> phone.saysRow(R.id.log, "I will be home."));
    picture("tablet-light");
  }

  private void draw(String name, String qualifiers, String managerName, boolean russian) throws Exception {
    RuntimeEnvironment.setQualifiers(qualifiers);
    phone.open(WelcomeActivity.class);
    phone.type(R.id.server, "chat.example.com");
    picture(name + "-welcome");
    phone.tap(R.id.to_register);
    phone.type(R.id.server, "http://chat.example.com");
    phone.tap(R.id.submit);
    picture(name + "-register");
    phone.enterAsGuest(SERVER.origin(), russian ? "Анна Петрова" : "Anna Stone");
    picture(name + "-empty");
    String email = (russian ? "m" : "e") + name + "@example.com";
    SERVER.addPerson(email, managerName, "manager");
    String conversation = story(Manager.signIn(SERVER, email), russian);
    phone.showList();
    phone.await("three conversations", () -> phone.rows(R.id.list).size() == 3);
    picture(name + "-list");
    phone.openThread(conversation);
    phone.await("the thread", () -> phone.session().view().conversation(conversation).unread == 0);
    phone.type(R.id.message, russian ? "Спасибо! А можно" : "Thanks! Could you also");
    picture(name + "-thread");
    phone.close();
    phone.open(AskActivity.class);
    picture(name + "-ask");
    phone.close();
    phone.open(AccountActivity.class);
    picture(name + "-account");
    phone.close();
    phone.open(DevicesActivity.class);
    phone.await("devices", () -> phone.screen().<android.view.ViewGroup>findViewById(R.id.devices).getChildCount() > 0);
    picture(name + "-devices");
  }

  private String story(Manager manager, boolean russian) {
    String resolved = phone.ask(russian ? "Часы работы" : "Opening hours", russian ? "До скольких вы открыты?" : "How late are you open?");
    manager.answer(resolved, russian ? "До восьми вечера." : "Until eight in the evening.");
    manager.resolve(resolved);
    phone.ask(russian ? "Возврат" : "A refund", russian ? "Как вернуть деньги за билет?" : "How do I get my money back?");
    String conversation =
        phone.ask(russian ? "Доставка заказа № 1042" : "Delivery of order 1042", russian ? "Здравствуйте! Когда привезут заказ?" : "Hello! When will my order come?");
    manager.answer(conversation, russian ? "Добрый день! Курьер приедет завтра с 19:00 до 21:00." : "Good morning! The courier comes tomorrow between 7 and 9 pm.");
    manager.answer(conversation, russian ? "Удобно?" : "Does that suit you?");
    phone.await("the answers", () -> phone.session().view().conversation(conversation).unread == 2);
    phone.session().client().send(conversation, null, russian ? "Да, буду дома." : "Yes. I will be home.", item -> {});
    phone.session().client().send(conversation, null,
        russian ? "Подробности на https://example.com/orders/1042 — там же и адрес, если курьер не найдёт подъезд." : "The details are at https://example.com/orders/1042, with the address, in case the courier does not find the door.",
        item -> {});
    phone.await("all is sent", () -> phone.session().view().queue.isEmpty());
    return conversation;
  }

  private void picture(String name) throws Exception {
    View window = phone.layOut();
    Bitmap bitmap = Bitmap.createBitmap(window.getWidth(), window.getHeight(), Bitmap.Config.ARGB_8888);
    window.draw(new Canvas(bitmap));
    Files.createDirectories(FOLDER);
    try (OutputStream out = Files.newOutputStream(FOLDER.resolve(name + ".png"))) {
      bitmap.compress(Bitmap.CompressFormat.PNG, 100, out);
    }
    Set<Integer> colours = new HashSet<>();
    for (int x = 0; x < bitmap.getWidth(); x += 7) for (int y = 0; y < bitmap.getHeight(); y += 7) colours.add(bitmap.getPixel(x, y));
    assertTrue(name + " is empty", colours.size() > 8);
  }
}
