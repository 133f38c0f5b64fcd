# The target `torch`: LibTorch, from where ASSAY_TORCH says.
#
#   system  find_package(Torch): the distribution's, or an unpacked LibTorch in CMAKE_PREFIX_PATH
#   wheel   the LibTorch inside the `torch` package (2.6 or later) that Python imports; choose the
#           interpreter with -DPython3_EXECUTABLE
#
# `pip install` builds for the interpreter that runs it, whose `torch` has to consist of the same
# LibTorch. If that package brings headers, it is a wheel; the distribution's uses the system's.
set(default system)
if(SKBUILD)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c
      "import os, torch; print(os.path.exists(os.path.join(torch.__path__[0], 'include', 'torch')))"
    OUTPUT_VARIABLE brings_headers ERROR_VARIABLE problem RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${Python3_EXECUTABLE} cannot import torch, which the package is built for "
      "(install it first, then: pip install --no-build-isolation .): ${problem}")
  endif()
  if(brings_headers STREQUAL True)
    set(default wheel)
  endif()
endif()
set(ASSAY_TORCH ${default} CACHE STRING "where LibTorch comes from: system or wheel")
set_property(CACHE ASSAY_TORCH PROPERTY STRINGS system wheel)

# The wheel brings a TorchConfig.cmake, but it stops where the CUDA compiler is not installed, which
# nothing here needs. What follows is what remains of it.
function(assay_torch_from_wheel)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} -c "import torch; print(torch.__path__[0]); \
print(torch.__version__); print(torch.compiled_with_cxx11_abi())"
    OUTPUT_VARIABLE answer ERROR_VARIABLE problem RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "ASSAY_TORCH=wheel: ${Python3_EXECUTABLE} cannot import torch: ${problem}")
  endif()
  string(REPLACE "\n" ";" answer "${answer}")
  list(GET answer 0 folder)
  list(GET answer 1 version)
  list(GET answer 2 new_abi)
  if(version VERSION_LESS 2.6 OR NOT new_abi STREQUAL "True")
    message(FATAL_ERROR "ASSAY_TORCH=wheel: expected torch 2.6 or later, found ${version} in ${folder}")
  endif()
  message(STATUS "LibTorch ${version} of ${folder}")

  add_library(torch INTERFACE IMPORTED GLOBAL)
  target_include_directories(torch INTERFACE
    ${folder}/include ${folder}/include/torch/csrc/api/include)
  target_compile_definitions(torch INTERFACE FMT_HEADER_ONLY) # its headers include an fmt of their own
  # Nothing calls a CUDA function by name: without --no-as-needed the linker would leave it out.
  target_link_libraries(torch INTERFACE ${folder}/lib/libtorch.so ${folder}/lib/libtorch_cpu.so
    ${folder}/lib/libc10.so)
  if(EXISTS ${folder}/lib/libtorch_cuda.so)
    target_link_libraries(torch INTERFACE
      -Wl,--push-state,--no-as-needed,${folder}/lib/libtorch_cuda.so,--pop-state)
  endif()
  target_link_options(torch INTERFACE -Wl,-rpath,${folder}/lib -Wl,-rpath-link,${folder}/lib)
endfunction()

if(ASSAY_TORCH STREQUAL system)
  find_package(Torch REQUIRED)
elseif(ASSAY_TORCH STREQUAL wheel)
  if(NOT TARGET torch)
    assay_torch_from_wheel()
  endif()
else()
  message(FATAL_ERROR "ASSAY_TORCH: expected system or wheel, found ${ASSAY_TORCH}")
endif()
