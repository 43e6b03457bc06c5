//! The test harness: programs that state their own expectations.
