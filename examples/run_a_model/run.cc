// Opens a sealed model in this process and asks it about one example:  run KEYS MODEL [SERVER]
#include <cstdio>

#include "tacit/tacit_runtime.hpp"

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "run: it is called as run KEYS MODEL [SERVER]\n");
    return TACIT_USAGE;
  }
  try {
    using tacit_runtime::Model;
    const Model model = argc == 3 ? Model(argv[1], argv[2], 1) : Model::split(argv[1], argv[2], argv[3], 1);
    const tacit_model_info info = model.info();
    const tacit_runtime::Answer answer = model.run(std::vector<double>(info.example_size, 0.5), 1);
    std::printf("%s, by %s, at level %u\n", info.name, info.vendor, info.level);
    for (const double value : answer.values) std::printf("%.9g\n", value);
    return 0;
  } catch (const tacit_runtime::Error& e) {
    std::fprintf(stderr, "run: %s\n", e.what());
    return e.status();
  }
}
