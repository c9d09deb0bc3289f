/**
 * Stand-ins for the few classes of Google's test libraries that Robolectric's own instrumentation names. Those libraries
 * are in no registry that this build uses. Nothing here is shipped, and the tests themselves use none of it.
 */
package androidx.test;
