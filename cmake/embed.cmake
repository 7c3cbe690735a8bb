# A file's bytes as the inside of a C array's initializer, so that build/spate needs nothing beside it.
#   spate_embed(FOLDER FILE NAME)    sources of src/FOLDER may say  static const char x[] = { #include "NAME" };
# Run as a script (cmake -D IN=... -D OUT=... -P embed.cmake) it writes one.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${IN}" bytes HEX)
  string(REGEX REPLACE "(................................................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(WRITE "${OUT}" "${bytes}\n")
  return()
endif()

function(spate_embed folder file name)
  if(NOT SPATE_SOURCES_${folder})
    return()
  endif()
  set(in "${CMAKE_SOURCE_DIR}/${file}")
  set(out "${CMAKE_BINARY_DIR}/embed/${name}")
  add_custom_command(OUTPUT "${out}" DEPENDS "${in}" "${CMAKE_SOURCE_DIR}/cmake/embed.cmake" VERBATIM
    COMMAND ${CMAKE_COMMAND} -D "IN=${in}" -D "OUT=${out}" -P "${CMAKE_SOURCE_DIR}/cmake/embed.cmake")
  target_sources(sp_${folder} PRIVATE "${out}")
  target_include_directories(sp_${folder} PRIVATE "${CMAKE_BINARY_DIR}/embed")
endfunction()
