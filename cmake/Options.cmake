# Warnings and link options that every target of this project shares.
add_library(invctl_options INTERFACE)
if(INVCTL_FUZZ)
  # Clang's warnings are others than those that the code is kept free of.
  target_compile_options(invctl_options INTERFACE -w)
else()
  target_compile_options(invctl_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 warns of overlapping copies inside std::string's own operators (GCC bug 105651).
  target_compile_options(invctl_options INTERFACE -Wno-restrict)
endif()
find_package(Threads REQUIRED)
target_link_libraries(invctl_options INTERFACE Threads::Threads)

if(INVCTL_FUZZ)
  target_compile_options(invctl_options INTERFACE -fsanitize=fuzzer-no-link,address,undefined
                                                  -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(invctl_options INTERFACE -fsanitize=address,undefined)
elseif(INVCTL_SANITIZE)
  target_compile_options(invctl_options INTERFACE -fsanitize=${INVCTL_SANITIZE} -fno-omit-frame-pointer
                                                  -fno-sanitize-recover=all)
  target_link_options(invctl_options INTERFACE -fsanitize=${INVCTL_SANITIZE})
elseif(INVCTL_STATIC)
  # A one-shot command lives for milliseconds: loading shared libraries would be half of that.
  target_compile_options(invctl_options INTERFACE -fno-pie)
  target_link_options(invctl_options INTERFACE -no-pie -static-libstdc++ -static-libgcc)
endif()
