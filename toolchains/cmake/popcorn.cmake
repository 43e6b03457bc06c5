# CMake toolchain file: builds a project with popcorn-cc.
#
#   cmake -DCMAKE_TOOLCHAIN_FILE=PREFIX/share/popcorn/popcorn.cmake -S . -B build
#
# Works from where it was installed, and from the source tree after `make build`. The environment variable
# POPCORN_BIN names another folder with popcorn-cc and popcorn.
#
# Options (-D):
#   POPCORN_ISA   ISA that ctest and try_run start programs as. Default: the host's, directly
#   POPCORN_HOP   hops that they make meanwhile, as `popcorn run --hop` takes them
#   POPCORN_ISAS  ISAs to compile for, as --popcorn-isas= takes them. Default: all

include_guard()

# CMake includes this file again for every try_compile, with these variables of ours.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES POPCORN_ISA POPCORN_HOP POPCORN_ISAS)

# The system is Linux, and programs run here as they are: nothing is cross-compiled. The processor is none
# that a project could have assembly or vector code for.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR popcorn)
set(CMAKE_CROSSCOMPILING FALSE)

find_program(POPCORN_CC popcorn-cc
  PATHS ENV POPCORN_BIN "${CMAKE_CURRENT_LIST_DIR}/../../bin" "${CMAKE_CURRENT_LIST_DIR}/../../target/release"
  NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
if(NOT POPCORN_CC)
  message(FATAL_ERROR "popcorn: no popcorn-cc beside ${CMAKE_CURRENT_LIST_DIR}: run `make build`, or set POPCORN_BIN")
endif()
get_filename_component(_popcorn_cc "${POPCORN_CC}" REALPATH)
get_filename_component(_popcorn_bin "${_popcorn_cc}" DIRECTORY)

set(CMAKE_C_COMPILER "${_popcorn_cc}")
if(POPCORN_ISAS)
  string(APPEND CMAKE_C_FLAGS_INIT " --popcorn-isas=${POPCORN_ISAS}")
endif()

# A project that names no languages enables C++ as well. Its compiler counts as working, so that C projects
# configure; a C++ source is refused by name when it is compiled.
set(CMAKE_CXX_COMPILER "${_popcorn_cc}")
set(CMAKE_CXX_COMPILER_FORCED TRUE)

# Archives hold fat objects, which are ordinary ELF files.
find_program(CMAKE_AR NAMES llvm-ar-22 ar NO_CMAKE_FIND_ROOT_PATH)
find_program(CMAKE_RANLIB NAMES llvm-ranlib-22 ranlib NO_CMAKE_FIND_ROOT_PATH)

# Headers, libraries and packages of the host are for another libc.
execute_process(COMMAND "${_popcorn_cc}" -print-file-name=libc.a
  OUTPUT_VARIABLE _popcorn_libc OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT IS_ABSOLUTE "${_popcorn_libc}")
  message(FATAL_ERROR "popcorn: ${_popcorn_cc} has no sysroot: run `make build`, or set POPCORN_SYSROOT")
endif()
get_filename_component(_popcorn_sysroot "${_popcorn_libc}/../.." ABSOLUTE)
list(APPEND CMAKE_FIND_ROOT_PATH "${_popcorn_sysroot}" ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} "${_popcorn_sysroot}/lib/pkgconfig")

# How ctest and try_run start programs.
if(POPCORN_ISA OR POPCORN_HOP)
  set(CMAKE_CROSSCOMPILING_EMULATOR "${_popcorn_bin}/popcorn" run)
  if(POPCORN_ISA)
    list(APPEND CMAKE_CROSSCOMPILING_EMULATOR --isa ${POPCORN_ISA})
  endif()
  if(POPCORN_HOP)
    list(APPEND CMAKE_CROSSCOMPILING_EMULATOR --hop ${POPCORN_HOP})
  endif()
endif()

# Static libraries only; see there.
set(CMAKE_USER_MAKE_RULES_OVERRIDE "${CMAKE_CURRENT_LIST_DIR}/popcorn-static.cmake")
set(CMAKE_PROJECT_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/popcorn-project.cmake")
