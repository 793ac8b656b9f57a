// The job file: TOML to a Job, its canonical text, and the network that it describes.
#include <algorithm>

#include "fuzz.h"
#include "tacit/job/testing/sample_job.h"

namespace tacit::fuzz {

namespace {
bool is_small(const std::vector<nn::LayerSpec>& layers) {
  return layers.size() < 16 && std::all_of(layers.begin(), layers.end(), [](const nn::LayerSpec& layer) {
           for (const auto& [name, attr] : layer.attrs.all()) {
             const auto* one = std::get_if<std::int64_t>(&attr);
             const auto* list = std::get_if<std::vector<std::int64_t>>(&attr);
             if (one != nullptr && *one > 64) return false;
             if (list != nullptr && std::any_of(list->begin(), list->end(), [](auto n) { return n > 64; }))
               return false;
           }
           return is_small(layer.inner);
         });
}
}  // namespace

void target(ByteView input) {
  static MemoryFile file;
  const Job job = read_job(file.holding(input), Keys::MadeLater);
  if (canonical_text(job).empty() || job.names().size() != job.parties.size() + job.owners.size())
    __builtin_trap();
  // A network may be as large as memory; here only small ones are built.
  if (elements(feature_shape(job.data.schema)) <= 256 && is_small(job.model.layers)) build_model(job);
}

std::vector<std::string> seeds() {
  std::string layers;
  for (const char* layer :
       {"kind = \"conv2d\"\nchannels = 3\nkernel = 3\npadding = 1\n", "kind = \"max_pool\"\nkernel = 2\n",
        "kind = \"batch_norm\"\n", "kind = \"dropout\"\nrate = 0.5\n", "kind = \"gelu\"\n"})
    layers += std::string("[[model.layer]]\n") + layer;
  return {testing::sample_job_text(), testing::small_job_text(),
          testing::sample_job_text("[[model.layer]]\nkind = \"flatten\"\n", layers)};
}

}  // namespace tacit::fuzz
