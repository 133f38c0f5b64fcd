// `assay convert IN OUT`

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "interp/adapters/model_file.h"
#include "interp/network/transformer.h"
#include "tools/commands.h"
#include "tools/network_fields.h"
#include "tools/network_options.h"
#include "tools/options.h"

namespace assay::tools {
namespace {

namespace fs = std::filesystem;

struct ConvertOptions {
  CommonOptions common;
  fs::path in, out;
  nlohmann::json stated = nlohmann::json::object();
};

void require_other_file(const fs::path& in, const fs::path& out) {
  std::error_code absent;  // of `out`, which then is no other name of `in`
  const bool same = fs::equivalent(in, out, absent);
  const bool inside =
      fs::exists(out) && fs::equivalent(in, fs::absolute(out).parent_path(), absent);
  if (same || inside) {
    throw std::invalid_argument(
        fmt::format("{}: would overwrite the model that is read", out.string()));
  }
}

int run_convert(const ConvertOptions& options) {
  const Session session = start(options.common);
  require_other_file(options.in, options.out);
  require_writable(options.out);
  const interp::LoadedModel loaded = interp::load_model(options.in, options.stated);
  nlohmann::json metadata = loaded.metadata;
  const OriginRecord origin{loaded.layout, options.in.string(), loaded.sha256};
  metadata["converted_from"] = interp::write_record(origin);
  const std::string sha256 = interp::save_model(*loaded.model, options.out, metadata);
  write_report(options.common,
               report_of("conversion", ConversionRecord{.converted_from = origin,
                                                        .model = {options.out.string(), sha256},
                                                        .settings = records_of(loaded.settings)}));
  session.console.fact("read", fmt::format("{} (layout {})", options.in.string(), loaded.layout));
  session.console.fact("wrote", options.out.string());
  session.console.line();
  print_settings(loaded.settings, session.console);
  return kDone;
}

}  // namespace

Command add_convert(CLI::App& app) {
  const auto options = std::make_shared<ConvertOptions>();
  app.add_option(
         "IN", options->in,
         "checkpoint (.pth, .pt), safetensors file, JSON of verified-circuits or folder of a "
         "Hugging Face model")
      ->required();
  app.add_option("OUT", options->out, "safetensors file to write")->required();
  add_network_options(app, options->stated);
  add_common_options(app, options->common);
  refuse_other_devices(app);
  app.footer(
      "Reads safetensors, PyTorch checkpoints (.pt, .pth; nothing in them is executed) and folders "
      "that Hugging Face's save_pretrained writes (config.json with model.safetensors or "
      "pytorch_model.bin, whole or in shards; assay list layouts names the families). What it "
      "writes "
      "says by itself how the network computes; where IN does not, options or a JSON configuration "
      "beside it (X.config.json beside X.pth) must.\n\nExample:\n  assay "
      "convert 900.pth published.safetensors");
  return [options] { return run_convert(*options); };
}

}  // namespace assay::tools
