# Included by CMake behind its own rules for the platform: there are no shared libraries. A library that a
# project wants shared becomes static, and CMake warns about each.
set_property(GLOBAL PROPERTY TARGET_SUPPORTS_SHARED_LIBS FALSE)
set(BUILD_SHARED_LIBS OFF CACHE BOOL "popcorn: programs are static" FORCE)
