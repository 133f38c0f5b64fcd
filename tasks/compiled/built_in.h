#pragma once
// Five programs that Assay brings: `histogram`, `reverse`, `rank`, `dyck-depth`, `majority`. Each
// has a rival, and all but dyck-depth have a line that the answer does not need.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace assay::tasks::compiled {

std::vector<std::string> built_in_programs();
/// As a file would hold it. @throws std::invalid_argument listing the programs that exist.
nlohmann::ordered_json built_in_program(const std::string& name);
/// The program that a setting means: a built-in one by its name, or the text of one as JSON.
nlohmann::ordered_json program_of_setting(const std::string& setting);

}  // namespace assay::tasks::compiled
