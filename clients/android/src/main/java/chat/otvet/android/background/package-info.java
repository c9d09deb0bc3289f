/** What keeps the app going without a screen: the network, the foreground service, the job that catches up. */
package chat.otvet.android.background;
