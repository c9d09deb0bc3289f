//! Limits as pure arithmetic: token buckets and attempt counters. Time is a parameter.
