#include "tacit/serve/segment_model.h"

namespace tacit {

SegmentModel::SegmentModel(sealed::OpenedModel model, sealed::DeviceKeys device, const std::string& server,
                           unsigned threads)
    : device_(std::move(device)),
      runtime_(std::move(model), device_, threads),
      part_(read_devices_part(runtime_.terms(), runtime_.part(), runtime_.header().model_name)),
      terms_(runtime_.terms()) {
  if (!server.empty()) terms_.from = to_string(parse_address(server));
  options_.threads = threads;
}

PublicTensor SegmentModel::run(const PublicTensor& examples) {
  const std::lock_guard lock(mutex_);
  const SegmentAsker asker{device_.key, sealed::device_id(device_.card.key), runtime_.access()};
  return runtime_.run(examples, [&](std::span<const std::vector<Word>> inputs) {
    return ask_segment(terms_, part_, asker, inputs, options_);
  });
}

}  // namespace tacit
