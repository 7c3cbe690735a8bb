# Libraries of the system, each as one target.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)

function(spate_pkg target)
  pkg_check_modules(${target}_pkg REQUIRED IMPORTED_TARGET ${ARGN})
  add_library(${target} INTERFACE)
  target_link_libraries(${target} INTERFACE PkgConfig::${target}_pkg)
endfunction()

spate_pkg(spate_nghttp2 libnghttp2)
spate_pkg(spate_ssl openssl)
spate_pkg(spate_protobuf_c libprotobuf-c)
spate_pkg(spate_pcre2 libpcre2-8)
spate_pkg(spate_compress liblz4 libzstd zlib)
spate_pkg(spate_simdjson simdjson)
