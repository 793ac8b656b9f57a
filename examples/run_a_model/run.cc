// Opens a sealed model in this process and asks it about one example:  run KEYS MODEL
#include <cstdio>

#include "tacit/tacit_runtime.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "run: it is called as run KEYS MODEL\n");
    return TACIT_USAGE;
  }
  try {
    const tacit_runtime::Model model(argv[1], argv[2], 1);
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
