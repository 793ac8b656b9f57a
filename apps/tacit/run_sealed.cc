// A sealed model answers on the device to which it was sealed.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "fingerprint.h"
#include "sealed_options.h"
#include "segment.h"
#include "tacit/base/error.h"
#include "tacit/broker/client.h"
#include "tacit/data/write.h"
#include "tacit/sealed/runtime.h"

namespace tacit::app {

namespace {

using nlohmann::json;

struct Answered {
  PublicTensor answer;
  std::string model, vendor;
  unsigned level;
};

Answered run_here(const SealedOptions& o) {
  auto device = sealed::DeviceKeys::open(o.keys);
  sealed::OpenedModel model = sealed::open_model(o.file, device, now_here());
  if (model.header().level == sealed::Level::Split) {
    SplitAnswer done = run_split(std::move(model), std::move(device), o);
    return {std::move(done.answer), done.header.model_name, done.header.vendor_name,
            static_cast<unsigned>(done.header.level)};
  }
  require(o.server.empty(),
          "--server is where the vendor of a model of level 3 (split) is asked, and '{}' is of level {}",
          o.file.string(), static_cast<unsigned>(model.header().level));
  sealed::Runtime runtime(std::move(model), o.threads);
  const sealed::Header& h = runtime.header();
  return {runtime.run(examples_of(o.input, runtime.example())), h.model_name, h.vendor_name,
          static_cast<unsigned>(h.level)};
}

Answered run_at_a_broker(const SealedOptions& o) {
  broker::Client client(o.broker);
  const broker::Opened opened = client.open(o.file);
  PublicTensor examples = examples_of(o.input, opened.example);
  broker::Tensor answer = client.run(opened.model, {std::move(examples.shape), std::move(examples.values)});
  require(!answer.shape.empty() && answer.shape[0] > 0 && !answer.values.empty(),
          "the model '{}' gives an output of shape {}, which is no rows", opened.model_name,
          to_string(answer.shape));
  return {{std::move(answer.shape), std::move(answer.values)},
          opened.model_name,
          opened.vendor_name,
          opened.level};
}

}  // namespace

json run_sealed(const SealedOptions& o, const Style& style) {
  const Answered done = o.broker.empty() ? run_here(o) : run_at_a_broker(o);
  const PublicTensor& answer = done.answer;
  if (!o.out.empty()) write_npy(o.out, answer.shape, answer.values);
  const std::size_t rows = answer.shape[0], width = answer.values.size() / rows;
  json predictions = json::array();
  for (std::size_t r = 0; r < rows; ++r) {
    const auto from = answer.values.begin() + static_cast<std::ptrdiff_t>(r * width);
    predictions.push_back(std::vector<double>(from, from + static_cast<std::ptrdiff_t>(width)));
  }
  if (!style.json && o.out.empty())
    for (const json& p : predictions) std::printf("%s\n", p.dump().c_str());
  return {{"model", done.model},
          {"vendor", done.vendor},
          {"level", done.level},
          {"shape", answer.shape},
          {"predictions", predictions}};
}

}  // namespace tacit::app
