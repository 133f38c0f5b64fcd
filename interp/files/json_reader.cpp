#include "interp/files/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "interp/files/fail.h"
#include "interp/files/files.h"
#include "interp/files/json_shape.h"

namespace assay::interp {
namespace {

using Json = nlohmann::ordered_json;

/// Builds a value from what nlohmann's parser finds. That parser does not recurse; its own way of
/// building values neither limits depth nor sees that a key stands twice, and looks every key up
/// among all those before it.
class JsonBuilder : public nlohmann::json_sax<Json> {
 public:
  explicit JsonBuilder(const std::string& what) : what_(what) {}

  Json& value() { return root_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(int64_t value) override { return add(value); }
  bool number_unsigned(uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(binary_t&) override { return false; }  // not in text

  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override {
    require_distinct_keys();
    return close();
  }

  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& error) override {
    const std::string_view message = error.what();  // "[json.exception.….101] parse error at …"
    const size_t name = message.find("] ");
    fail("{}: {}", what_, cut_short(message.substr(name == message.npos ? 0 : name + 2), 300));
  }

 private:
  struct Open {  // a list or an object that is not at its end
    Json* value;
    std::string key = {};  // of the member that comes next or is open
  };

  Json* place(Json value) {
    if (open_.empty()) return &(root_ = std::move(value));
    Json& parent = *open_.back().value;
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    auto& members = parent.get_ref<Json::object_t&>();
    members.push_back({open_.back().key, std::move(value)});
    return &members.back().second;
  }
  bool add(Json value) {
    place(std::move(value));
    return true;
  }
  bool open(Json value) {
    if (open_.size() == kJsonDepth)
      fail("{}: field '{}': nested more than {} deep", what_, cut_short(path(), 80), kJsonDepth);
    open_.push_back({place(std::move(value))});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  void require_distinct_keys() {
    std::vector<std::string_view> keys;
    for (const auto& member : open_.back().value->get_ref<Json::object_t&>())
      keys.push_back(member.first);
    std::ranges::sort(keys);
    const auto twice = std::ranges::adjacent_find(keys);
    if (twice == keys.end()) return;
    open_.back().key = *twice;
    fail("{}: field '{}': stands twice", what_, path());
  }

  /// Of the member that is being read.
  std::string path() const {
    std::string path;
    for (const Open& open : open_)
      path = open.value->is_object()
                 ? member_path(path, open.key)
                 : element_path(path, open.value->size() - (&open == &open_.back() ? 0 : 1));
    return path;
  }

  const std::string& what_;
  Json root_;
  std::vector<Open> open_;
};

/// The text with bare words in quotes, wherever they do not stand in quotes already.
std::string with_words_quoted(std::string_view text) {
  std::string quoted;
  quoted.reserve(text.size());
  bool in_text = false;
  for (size_t at = 0; at < text.size();) {
    std::string_view token = text.substr(at, 1);
    if (in_text && token == "\\") {
      token = text.substr(at, 2);
    } else if (token == "\"") {
      in_text = !in_text;
    } else if (!in_text) {
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
        if (text.substr(at).starts_with(word)) token = text.substr(at, word.size());
    }
    const std::string_view quote = token.size() > 2 ? "\"" : "";
    quoted.append(quote).append(token).append(quote);
    at += token.size();
  }
  return quoted;
}

}  // namespace

Json parse_json(std::string_view text, const std::string& what, BareWords words) {
  // The parser would take a zero byte for the end, and pass over what follows.
  if (text.find('\0') != text.npos) fail("{}: holds a zero byte, which no JSON does", what);
  JsonBuilder builder(what);
  const std::string quoted = words == BareWords::AsTexts ? with_words_quoted(text) : "";
  const std::string_view json = words == BareWords::AsTexts ? std::string_view(quoted) : text;
  Json::sax_parse(json.begin(), json.end(), &builder);
  return std::move(builder.value());
}

Json read_json(const std::filesystem::path& path, BareWords words) {
  return parse_json(read_file(path, kJsonBytes), path.string(), words);
}

}  // namespace assay::interp
