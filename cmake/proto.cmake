# sp_proto: Spark Connect's messages as protobuf-c code, generated from the descriptors inside pyspark-client.
# #include "spark/connect/base.pb-c.h", "google/rpc/error_details.pb-c.h", ... Made once and shared by all trees.
set(gen "${CMAKE_SOURCE_DIR}/build/gen/proto")
set(tool "${CMAKE_SOURCE_DIR}/tools/descriptors.py")
find_program(SPATE_PROTOC_C protoc-c REQUIRED)
file(MAKE_DIRECTORY "${CMAKE_SOURCE_DIR}/build/gen")
file(SHA256 "${tool}" key)
file(SHA256 "${CMAKE_SOURCE_DIR}/tools/requirements.txt" pins)
string(APPEND key " ${pins}\n")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${tool}" "${CMAKE_SOURCE_DIR}/tools/requirements.txt")

file(LOCK "${CMAKE_SOURCE_DIR}/build/gen/.lock")
set(have "")
if(EXISTS "${gen}/key")
  file(READ "${gen}/key" have)
endif()
if(NOT have STREQUAL key)
  message(STATUS "Generating Spark Connect's messages")
  file(REMOVE_RECURSE "${gen}")
  file(MAKE_DIRECTORY "${gen}")
  execute_process(COMMAND "${SPATE_PYTHON}" "${tool}" "${gen}/spark.fds"
    OUTPUT_VARIABLE names OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(names)
  execute_process(COMMAND "${SPATE_PROTOC_C}" "--descriptor_set_in=${gen}/spark.fds" "--c_out=${gen}" ${names}
    COMMAND_ERROR_IS_FATAL ANY)
  file(WRITE "${gen}/key" "${key}")
endif()
file(LOCK "${CMAKE_SOURCE_DIR}/build/gen/.lock" RELEASE)

file(GLOB_RECURSE proto_sources "${gen}/*.pb-c.c")
add_library(sp_proto STATIC ${proto_sources})
target_include_directories(sp_proto SYSTEM PUBLIC "${gen}")
target_compile_options(sp_proto PRIVATE -w)
target_link_libraries(sp_proto PUBLIC spate_protobuf_c)
