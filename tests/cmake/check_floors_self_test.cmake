# cmake -DCHECK=<check_floors.cmake> -DWORK=<folder> -P check_floors_self_test.cmake
# The floors check itself: a clean tree passes, each planted include is found.
cmake_minimum_required(VERSION 3.25)

function(run_check name result)
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${WORK}/${name} -P ${CHECK}
                  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE out)
  set(${result} ${code} PARENT_SCOPE)
  set(output "${out}" PARENT_SCOPE)
endfunction()

function(plant name file line)
  file(REMOVE_RECURSE ${WORK}/${name})
  file(WRITE ${WORK}/${name}/sim/base/units.hpp "#include <cstdint>\n#include <fmt/format.h>\n")
  file(WRITE ${WORK}/${name}/sim/attention/cost.cpp
       "#include \"kernels/tiling.hpp\"\n#include \"sim/model/shape.hpp\"\n")
  file(WRITE ${WORK}/${name}/kernels/plan.cpp "#include \"sim/base/units.hpp\"\n")
  file(APPEND ${WORK}/${name}/${file} "${line}\n")
endfunction()

plant(clean sim/cli/main.cpp "#include <CLI/CLI.hpp>\n#include \"sim/report/json.hpp\"")
run_check(clean code)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "a clean tree is refused:\n${output}")
endif()

set(number 0)
foreach(case IN ITEMS
    "sim/base/units.hpp|#include \"sim/des/engine.hpp\""
    "sim/des/engine.cpp|#include \"sim/hardware/host/host.hpp\""
    "sim/des/engine.cpp|  #  include \"sim/config/read.hpp\""
    "sim/config/read.cpp|#include \"sim/system/load.hpp\""
    "sim/hardware/gpu/stream.cpp|#include \"sim/model/shape.hpp\""
    "sim/verify/ledger.cpp|#include \"sim/recovery/params.hpp\""
    "sim/system/load.cpp|#include \"sim/report/json.hpp\""
    "sim/system/load.cpp|#include <yaml-cpp/yaml.h>"
    "sim/report/json.cpp|#include <CLI/CLI.hpp>"
    "sim/report/json.cpp|#include <Eigen/Dense>"
    "sim/model/step.cpp|#include <boost/graph/adjacency_list.hpp>"
    "sim/hardware/host/host.cpp|#include <nlohmann/json.hpp>"
    "sim/cli/run.cpp|#include <catch2/catch.hpp>"
    "sim/attention/cost.cpp|#include \"kernels/plan.hpp\""
    "sim/hardware/gpu/stream.cpp|#include \"kernels/tiling.hpp\""
    "sim/verify/tree.cpp|#include \"validation/analytic/verification.hpp\""
    "kernels/plan.cpp|#include \"sim/attention/cost.hpp\""
    "sim/widgets/new.hpp|#include <vector>")
  string(REPLACE "|" ";" parts "${case}")
  list(GET parts 0 file)
  list(GET parts 1 line)
  math(EXPR number "${number} + 1")
  plant(planted${number} ${file} "${line}")
  run_check(planted${number} code)
  if(code EQUAL 0 OR NOT output MATCHES "${file}: ")
    message(FATAL_ERROR "not found: ${file} with ${line}\n${output}")
  endif()
endforeach()
file(REMOVE_RECURSE ${WORK})
message("${number} planted includes found")
