//! Of the shared libraries the command needs libc alone: each further one costs a tenth of a millisecond at every start
//! (docs/performance.md). Both parts are the ordinary ones, linked into the program.
#![expect(unsafe_code, reason = "symbols of the C library's interface are declared and defined here")]

// The unwinder, else in `libgcc_s.so`.
#[link(name = "gcc_eh", kind = "static", modifiers = "-bundle")]
unsafe extern "C" {}

/// What is used of `libm.so`: averages of hickory-resolver's and indicatif's, the steps of `--find-cutoff`.
mod math {
    #[unsafe(no_mangle)]
    extern "C" fn exp(x: f64) -> f64 {
        libm::exp(x)
    }

    #[unsafe(no_mangle)]
    extern "C" fn log(x: f64) -> f64 {
        libm::log(x)
    }

    #[unsafe(no_mangle)]
    extern "C" fn pow(x: f64, y: f64) -> f64 {
        libm::pow(x, y)
    }
}
