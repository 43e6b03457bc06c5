//! SSE2 through core::arch runs on every ISA; what needs more is asked for, found absent, and not taken.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

#[target_feature(enable = "avx2")]
fn sum_wide(data: &[u8; 64]) -> u64 {
    let mut total = 0;
    for half in data.as_chunks::<32>().0 {
        let mut lanes = [0u64; 4];
        // SAFETY: both pointers are to 32 bytes, and the loads and stores need no alignment.
        unsafe {
            let sums = _mm256_sad_epu8(
                _mm256_loadu_si256(half.as_ptr().cast()),
                _mm256_setzero_si256(),
            );
            _mm256_storeu_si256(lanes.as_mut_ptr().cast(), sums);
        }
        total += lanes.iter().sum::<u64>();
    }
    total
}

fn sum(data: &[u8; 64]) -> u64 {
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has just said so.
        return unsafe { sum_wide(data) };
    }
    let mut total = 0;
    for part in data.as_chunks::<16>().0 {
        // SAFETY: SSE2 is part of the base ABI, and the load needs no alignment.
        unsafe {
            let sums = _mm_sad_epu8(_mm_loadu_si128(part.as_ptr().cast()), _mm_setzero_si128());
            total += _mm_cvtsi128_si64(sums) as u64;
            total += _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)) as u64;
        }
    }
    total
}

fn find(data: &[u8; 64], byte: u8) -> Option<usize> {
    for (i, part) in data.as_chunks::<16>().0.iter().enumerate() {
        // SAFETY: as above.
        let mask = unsafe {
            let part = _mm_loadu_si128(part.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(part, _mm_set1_epi8(byte as i8)))
        };
        if mask != 0 {
            return Some(i * 16 + mask.trailing_zeros() as usize);
        }
    }
    None
}

pub fn run() {
    let mut data = [0u8; 64];
    for (i, b) in data.iter_mut().enumerate() {
        *b = (i * 37 % 251) as u8;
    }
    println!(
        "{} {:?} {:?}",
        sum(&data),
        find(&data, 222),
        find(&data, 255)
    );
    // SAFETY: SSE2 is part of the base ABI.
    let (dots, packed) = unsafe {
        let a = _mm_loadu_si128(data.as_ptr().cast());
        let b = _mm_loadu_si128(data[16..].as_ptr().cast());
        _mm_pause();
        (
            _mm_madd_epi16(a, b),
            _mm_packus_epi16(_mm_srli_epi16(a, 4), b),
        )
    };
    println!("{dots:?} {packed:?}");
    std::hint::black_box(());
}
