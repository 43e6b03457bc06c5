//! Statics that are written. What becomes of one in a hop is its type:
//!
//! * [`Travels`]: program state. It lies in `.data` or `.bss`, goes into the image and is there again on the other
//!   side.
//! * [`Incarnation`]: it dies with the exec. It lies in `.popcorn.private`, where only the macro
//!   [`incarnation!`](crate::incarnation) puts it.
//!
//! Both hold a [`Slot`], whose value is copied in and out: nobody holds a reference into a static, so a signal handler
//! that comes in between finds it whole.

use core::cell::UnsafeCell;
use core::ops::Deref;

/// A value that one thread at a time copies in and out. Small flags and counters that several threads use are
/// atomics instead.
#[repr(transparent)]
pub struct Slot<T>(UnsafeCell<T>);

// SAFETY: every access is unsafe, and its caller guarantees exclusion.
unsafe impl<T> Sync for Slot<T> {}

impl<T> Slot<T> {
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// The value in place.
    ///
    /// # Safety
    /// No other reference to the value is in use, and no other thread uses it.
    #[allow(clippy::mut_from_ref, reason = "exclusion is the caller's to prove")]
    pub unsafe fn get(&self) -> &mut T {
        // SAFETY: by contract.
        unsafe { &mut *self.0.get() }
    }
}

/// Program state: it travels in the image.
#[repr(transparent)]
pub struct Travels<T>(T);

impl<T> Travels<T> {
    pub const fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Travels<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// State of one incarnation of the program: it dies with an exec.
#[repr(transparent)]
pub struct Incarnation<T>(T);

impl<T> Incarnation<T> {
    /// # Safety
    /// The static lies in `.popcorn.private`: only [`incarnation!`](crate::incarnation) calls this.
    pub const unsafe fn in_its_section(value: T) -> Self {
        Self(value)
    }
}

impl<T> Deref for Incarnation<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Declares statics of one incarnation: `incarnation! { pub static NAME: T = value; }`.
#[macro_export]
macro_rules! incarnation {
    ($($(#[$meta:meta])* $visible:vis static $name:ident: $type:ty = $value:expr;)*) => {$(
        $(#[$meta])*
        #[unsafe(link_section = concat!(".popcorn.private.", stringify!($name)))]
        $visible static $name: $crate::base::statics::Incarnation<$type> = {
            let value = $value;
            // SAFETY: the section is given above.
            unsafe { $crate::base::statics::Incarnation::in_its_section(value) }
        };
    )*};
}
