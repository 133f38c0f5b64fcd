# Reads the `#include` lines of every source and checks them against the table of rooms in
# docs/design.md. The linker alone does not see a header of which nothing needs to be linked.
#   cmake -DSOURCE=<the repository> -P tests/rooms_test.cmake

cmake_minimum_required(VERSION 3.25)

set(sees_sat2)
set(sees_interp)
set(sees_circuits interp)
set(sees_axioms interp circuits)
set(sees_tasks sat2 interp circuits axioms)
set(sees_tools sat2 interp circuits axioms tasks)
set(private interp/tracing) # what its own room alone includes, and benchmarks, which look inside
set(alone interp/statistics) # includes nothing else of the rooms, and no LibTorch

set(violations)
foreach(room sat2 interp circuits axioms tasks tools)
  file(GLOB_RECURSE sources RELATIVE ${SOURCE} ${SOURCE}/${room}/*.h ${SOURCE}/${room}/*.cpp)
  if(NOT sources)
    message(FATAL_ERROR "no sources in ${SOURCE}/${room}")
  endif()
  foreach(source ${sources})
    file(STRINGS ${SOURCE}/${source} includes
      REGEX "^[ \t]*#[ \t]*include[ \t]*(\"|<(ATen|c10|torch)/)")
    foreach(include ${includes})
      if(include MATCHES "<" AND NOT source MATCHES "^${alone}/")
        continue()
      endif()
      string(REGEX MATCH "\"([^/\"]*)([^\"]*)\"" header "${include}")
      set(seen "${CMAKE_MATCH_1}")
      if(source MATCHES "^${alone}/")
        if(header MATCHES "^\"${alone}/")
          continue()
        endif()
      elseif(seen STREQUAL room)
        continue()
      elseif(seen IN_LIST sees_${room} AND (source MATCHES "^tools/benchmarks/" OR
          NOT header MATCHES "^\"${private}/"))
        continue()
      endif()
      file(READ ${SOURCE}/${source} text)
      string(FIND "${text}" "${include}" at)
      string(SUBSTRING "${text}" 0 ${at} before)
      string(REGEX MATCHALL "\n" newlines "${before}")
      list(LENGTH newlines line)
      math(EXPR line "${line} + 1")
      string(APPEND violations "\n  ${source}:${line}: ${include}")
    endforeach()
  endforeach()
endforeach()

if(violations)
  message(FATAL_ERROR "rooms include what they may not see:${violations}")
endif()
