/* There is no dynamic linker; what the `dl*` stubs include must exist all the same. */
#define LDSO_ARCH "popcorn"
