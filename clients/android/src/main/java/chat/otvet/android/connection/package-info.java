/** One socket for the whole app: when it is opened, what closes it, how long to wait, and which answer belongs to which command. */
package chat.otvet.android.connection;
