# nanoarrow (Arrow C data, IPC and its flatbuffer runtime) out of the PyPI source archive; see ./run setup.
set(SPATE_NANOARROW_VERSION 0.9.0)
set(sdist "${SPATE_DEPS}/nanoarrow-${SPATE_NANOARROW_VERSION}.tar.gz")
set(root "${SPATE_DEPS}/nanoarrow-${SPATE_NANOARROW_VERSION}")
if(NOT EXISTS "${root}/.unpacked")
  if(NOT EXISTS "${sdist}")
    message(FATAL_ERROR "nanoarrow's source archive is missing: run ./run setup")
  endif()
  file(LOCK "${SPATE_DEPS}/.lock" GUARD FILE)
  if(NOT EXISTS "${root}/.unpacked")
    file(ARCHIVE_EXTRACT INPUT "${sdist}" DESTINATION "${SPATE_DEPS}")
    file(WRITE "${root}/.unpacked" "")
  endif()
endif()

set(src "${root}/subprojects/arrow-nanoarrow/src")
file(GLOB flatcc "${root}/subprojects/flatcc-*")
list(FILTER flatcc EXCLUDE REGEX "\\.wrap$")
list(GET flatcc 0 flatcc)
set(generated "${CMAKE_BINARY_DIR}/gen/nanoarrow")
string(REPLACE "." ";" parts "${SPATE_NANOARROW_VERSION}")
set(NANOARROW_VERSION "${SPATE_NANOARROW_VERSION}")
list(GET parts 0 NANOARROW_VERSION_MAJOR)
list(GET parts 1 NANOARROW_VERSION_MINOR)
list(GET parts 2 NANOARROW_VERSION_PATCH)
set(NANOARROW_NAMESPACE_DEFINE "")
configure_file("${src}/nanoarrow/nanoarrow_config.h.in" "${generated}/nanoarrow/nanoarrow_config.h" @ONLY)

add_library(nanoarrow STATIC
  "${src}/nanoarrow/common/array.c" "${src}/nanoarrow/common/array_stream.c" "${src}/nanoarrow/common/schema.c"
  "${src}/nanoarrow/common/utils.c" "${src}/nanoarrow/ipc/codecs.c" "${src}/nanoarrow/ipc/decoder.c"
  "${src}/nanoarrow/ipc/encoder.c" "${src}/nanoarrow/ipc/reader.c" "${src}/nanoarrow/ipc/writer.c"
  "${flatcc}/src/runtime/builder.c" "${flatcc}/src/runtime/emitter.c" "${flatcc}/src/runtime/refmap.c"
  "${flatcc}/src/runtime/verifier.c")
target_include_directories(nanoarrow SYSTEM PUBLIC "${generated}" "${src}")
target_include_directories(nanoarrow PRIVATE "${generated}/nanoarrow" "${src}/nanoarrow" "${flatcc}/include")
target_compile_options(nanoarrow PRIVATE -w)
target_compile_definitions(nanoarrow PRIVATE NDEBUG)
