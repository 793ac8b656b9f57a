// Asks a sealed model, which a broker opens, about one example:  ask SOCKET MODEL
#include <cstdio>

#include "tacit/tacit_runtime.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "ask: it is called as ask SOCKET MODEL\n");
    return TACIT_USAGE;
  }
  try {
    const tacit_runtime::Broker broker(argv[1]);
    const tacit_runtime::Model model = broker.open(argv[2]);
    const tacit_model_info about = model.info();
    const tacit_runtime::Answer answer = model.run(std::vector<double>(about.example_size, 0.5), 1);
    std::printf("%s, by %s, at level %u\n", about.name, about.vendor, about.level);
    for (const double value : answer.values) std::printf("%.9g\n", value);
    return 0;
  } catch (const tacit_runtime::Error& e) {
    std::fprintf(stderr, "ask: %s\n", e.what());
    return e.status();
  }
}
