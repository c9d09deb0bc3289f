export type NotificationAnswer = NotificationPermission | "missing";

/** Whether this browser may show notifications; `missing` if it cannot at all. */
export function notificationPermission(): NotificationAnswer {
  return "Notification" in window ? Notification.permission : "missing";
}

/** Asks the user; browsers show the question only once. */
export async function requestNotifications(): Promise<NotificationAnswer> {
  return "Notification" in window ? Notification.requestPermission() : "missing";
}

/** Shows a notification that opens the panel. A later one with the same tag takes its place. */
export function showNotification(title: string, body: string, tag: string, onOpen: () => void): void {
  if (notificationPermission() !== "granted") return;
  try {
    const shown = new Notification(title, { body, tag, icon: `${import.meta.env.BASE_URL}favicon.svg` });
    shown.onclick = () => {
      window.focus();
      onOpen();
      shown.close();
    };
  } catch {
    // Android allows notifications from a service worker only; the panel has none, and works without.
  }
}
