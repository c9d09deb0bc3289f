/** What the app says while nobody looks at it. */
package chat.otvet.android.notification;
