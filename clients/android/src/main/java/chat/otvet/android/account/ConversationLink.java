package chat.otvet.android.account;

import okhttp3.HttpUrl;

/** A link to a conversation on the site: {@code https://host/#/c/ID}. */
public final class ConversationLink {
  public final String origin;
  /** Null when the link leads to the site only. */
  public final String conversation;

  private ConversationLink(String origin, String conversation) {
    this.origin = origin;
    this.conversation = conversation;
  }

  /** Null when it is no link to a site. */
  public static ConversationLink parse(String link) {
    HttpUrl url = link == null ? null : HttpUrl.parse(link);
    if (url == null) return null;
    boolean usual = url.port() == HttpUrl.defaultPort(url.scheme());
    String host = url.host().indexOf(':') < 0 ? url.host() : "[" + url.host() + "]";
    return new ConversationLink(url.scheme() + "://" + host + (usual ? "" : ":" + url.port()), conversation(url.fragment()));
  }

  private static String conversation(String fragment) {
    if (fragment == null || !fragment.startsWith("/c/")) return null;
    String id = fragment.substring("/c/".length());
    return id.matches("[0-9a-fA-F-]{36}") ? id : null;
  }
}
