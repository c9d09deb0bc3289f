/** Who is signed in on this device, at which server, and the REST calls about that. */
package chat.otvet.android.account;
