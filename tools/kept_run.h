#pragma once
// Runs that are made item by item (chunks of inputs, mutations) and are kept while they go on: an
// interrupt or a kill costs little, and the same command with --resume does what is left. No item
// knows of any other, so the result is that of a run without a break. Runs in parts (--shard) hold
// the same items.
//
// What is kept is the record of the run without its result: all that was asked, and the items,
// where `null` stands for one that is still to do. It says `"partial": true` until all is done.

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "interp/execution/shards.h"
#include "tools/options.h"
#include "tools/streams.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace assay::tools {

/// `--resume`, which needs --json: call it after add_common_options().
CLI::Option* add_resume_option(CLI::App& app, bool& resume);

/// What a run is about, in the record that it keeps.
struct KeptForm {
  std::string list;  ///< the member that holds the items
  nlohmann::ordered_json
      asked;  ///< all other members; the member `shard` says which items these are
  /// Members of `asked` in which a run that goes on may differ. `seconds`, where there are any,
  /// are taken.
  std::vector<std::string> facts = {"command"};
};

/// The record in a file, if it is one of this run: of its items, those that are missing are null.
/// @throws std::invalid_argument, beginning with the file's name: for what is no record of this
///   kind, one that is finished, and naming the first thing that was asked differently.
nlohmann::ordered_json record_begun(const std::filesystem::path& file, const KeptForm& form,
                                    int64_t count);

/// Saves at once and every half minute: a kill costs at most the work of the last half minute.
class Saving {
 public:
  explicit Saving(std::function<void()> save) : save_(std::move(save)) {}
  /// Saves if it is time to.
  void operator()();

 private:
  using Clock = std::chrono::steady_clock;
  std::function<void()> save_;
  Clock::time_point next_ = Clock::now();
};

/// Tells how an interrupted run goes on. @return the exit code.
int tell_how_to_go_on(const CommonOptions& common, const Console& console);
/// Tells which part was made. @param items  of it.
void tell_part(const interp::Shard& shard, const KeptForm& form, int64_t items,
               const Console& console);

/// The items of a run while it goes on.
template <typename Item>
class KeptRun {
 public:
  /// @param index  of the item in the whole run. @throws std::invalid_argument "field …".
  using Encode = std::function<nlohmann::ordered_json(int64_t index, const Item& item)>;
  using Decode = std::function<Item(int64_t index, const nlohmann::ordered_json& json)>;

  /// @param range  of the items of the whole run, those that are made here.
  KeptRun(const CommonOptions& common, KeptForm form, const interp::Range& range, Encode encode)
      : common_(common),
        form_(std::move(form)),
        range_(range),
        encode_(std::move(encode)),
        items_(static_cast<size_t>(range.count)),
        saving_([this] { save(); }) {}

  /// Takes over what the report of --json holds. @throws as record_begun().
  void resume(const Decode& decode) {
    const nlohmann::ordered_json record = record_begun(common_.json, form_, range_.count);
    before_ = record.value("seconds", 0.0);
    const nlohmann::ordered_json& begun = record.at(form_.list);
    for (int64_t i = 0; i < range_.count; ++i) {
      if (begun[i].is_null()) continue;
      try {
        items_[i] = decode(range_.first + i, begun[i]);
      } catch (const std::exception& error) {
        throw std::invalid_argument(
            fmt::format("{}: {}[{}]: {}", common_.json.string(), form_.list, i, error.what()));
      }
    }
  }

  /// Indices, in the whole run, of the items that are still to do.
  std::vector<int64_t> left() const {
    std::vector<int64_t> left;
    for (int64_t i = 0; i < range_.count; ++i)
      if (!items_[i]) left.push_back(range_.first + i);
    return left;
  }
  bool is_done() const { return left().empty(); }

  /// From any thread. @param index  in the whole run.
  void add(int64_t index, Item item) {
    const std::lock_guard lock(mutex_);
    items_.at(static_cast<size_t>(index - range_.first)) = std::move(item);
    saving_();
  }

  /// What is kept so far; of a part that is done, its record.
  /// @param partial  whether the run goes on from it.
  nlohmann::ordered_json record(bool partial) const {
    nlohmann::ordered_json json = form_.asked, list = nlohmann::ordered_json::array();
    for (int64_t i = 0; i < range_.count; ++i)
      list.push_back(items_[i] ? encode_(range_.first + i, *items_[i]) : nlohmann::ordered_json());
    if (json.contains("seconds")) json["seconds"] = seconds();
    if (partial) json["partial"] = true;
    json[form_.list] = std::move(list);
    return json;
  }
  /// Keeps what is done. A pipe gets one report, at the end.
  void save() const {
    if (!common_.json.empty() && !interp::destination_of(common_.json).in_place)
      write_report(common_, record(/*partial=*/true));
  }
  /// Keeps what is done and tells how to go on. @return the exit code.
  int interrupted(const Console& console) const {
    write_report(common_, record(/*partial=*/true));
    return tell_how_to_go_on(common_, console);
  }

  /// Writes the record of a part. @return the exit code.
  int finish_part(const interp::Shard& shard, const Console& console) const {
    write_report(common_, record(/*partial=*/false));
    tell_part(shard, form_, range_.count, console);
    return kDone;
  }

  /// That all items took, those of the run that it goes on from included.
  double seconds() const {
    return before_ + std::chrono::duration<double>(Clock::now() - begin_).count();
  }

  /// All of them, once the run is done.
  std::vector<Item> items() && {
    std::vector<Item> all;
    for (std::optional<Item>& item : items_) all.push_back(std::move(item.value()));
    return all;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const CommonOptions& common_;
  KeptForm form_;
  interp::Range range_;
  Encode encode_;
  std::vector<std::optional<Item>> items_;
  Saving saving_;
  double before_ = 0;
  Clock::time_point begin_ = Clock::now();
  std::mutex mutex_;
};

}  // namespace assay::tools
