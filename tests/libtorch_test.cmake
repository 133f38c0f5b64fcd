# Looks for names that LibTorch keeps to itself: they change from one version to the next without
# notice. What Python's `torch` shows, and what LibTorch's own documentation of C++ uses, is public.
#   cmake -DSOURCE=<the repository> -P tests/libtorch_test.cmake

cmake_minimum_required(VERSION 3.25)

# Operators that begin with an underscore, and namespaces and headers of the implementation.
set(private_names
  "at::_[a-z]" "at::(detail|native|impl|internal|meta|cpu|cuda|redispatch)::"
  "c10::(impl|detail|guts)::" "torch::(detail|jit|autograd::impl)::"
  "<ATen/(native|detail|core/dispatch|ops)/" "<c10/core/impl/" "<torch/csrc/")

set(violations)
set(n_sources 0)
foreach(room sat2 interp circuits axioms tasks tools tests)
  file(GLOB_RECURSE sources RELATIVE ${SOURCE} ${SOURCE}/${room}/*.h ${SOURCE}/${room}/*.cpp)
  foreach(source ${sources})
    math(EXPR n_sources "${n_sources} + 1")
    foreach(name ${private_names})
      file(STRINGS ${SOURCE}/${source} lines REGEX "${name}")
      foreach(line ${lines})
        string(STRIP "${line}" line)
        string(APPEND violations "\n  ${source}: ${line}")
      endforeach()
    endforeach()
  endforeach()
endforeach()

if(n_sources EQUAL 0)
  message(FATAL_ERROR "no sources in ${SOURCE}")
endif()
if(violations)
  message(FATAL_ERROR "names that LibTorch keeps to itself:${violations}")
endif()
