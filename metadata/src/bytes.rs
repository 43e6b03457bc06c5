//! Little-endian fields at fixed offsets: the only way the formats of this crate touch bytes.
//!
//! Every read is bounds-checked and answers `None` past the end, so that a reader built on these
//! cannot panic on hostile input.

/// The `N` bytes at `at`.
#[inline]
pub fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// The 16-bit number at `at`.
#[inline]
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array_at(bytes, at).map(u16::from_le_bytes)
}

/// The 32-bit number at `at`.
#[inline]
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array_at(bytes, at).map(u32::from_le_bytes)
}

/// The 64-bit number at `at`.
#[inline]
pub fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array_at(bytes, at).map(u64::from_le_bytes)
}

/// `len` bytes from `offset`, both as they stand in a file.
#[inline]
pub fn range(bytes: &[u8], offset: u64, len: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(len).ok()?)?;
    bytes.get(start..end)
}

/// Declares a fixed-size record: a plain struct, `SIZE`, `to_bytes` and `from_bytes`. Each field is
/// given its byte offset, so the declaration is the byte diagram; unnamed bytes are written as zero.
macro_rules! record {
    (
        $(#[$meta:meta])*
        pub struct $name:ident [$size:literal] {
            $( $(#[$fmeta:meta])* $at:literal => $field:ident : $ty:ty ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct $name { $( $(#[$fmeta])* pub $field: $ty ),+ }

        impl $name {
            /// Bytes of one record.
            pub const SIZE: usize = $size;

            /// The record as it is written.
            pub fn to_bytes(&self) -> [u8; $size] {
                const { $( assert!($at + size_of::<$ty>() <= $size); )+ }
                let mut out = [0u8; $size];
                $( out[$at..$at + size_of::<$ty>()].copy_from_slice(&self.$field.to_le_bytes()); )+
                out
            }

            /// Reads the record at the beginning of `bytes`; `None` if they are too few.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                let bytes = bytes.get(..$size)?;
                Some(Self { $( $field: <$ty>::from_le_bytes(
                    $crate::bytes::array_at::<{ size_of::<$ty>() }>(bytes, $at)?) ),+ })
            }
        }
    };
}
pub(crate) use record;
