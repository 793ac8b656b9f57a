// Sixty-four threads that share one open model, as C++ and the C interface below it give it:  many_threads
// KEYS MODEL, or many_threads --broker SOCKET MODEL. Prints how many of their answers are the one that one
// thread has.
#include <atomic>
#include <cstdio>
#include <cstring>
#include <thread>

#include "tacit/tacit_runtime.hpp"

namespace {

tacit_runtime::Model opened(char** words, bool by_a_broker) {
  if (by_a_broker) return tacit_runtime::Broker(words[2]).open(words[3]);
  return tacit_runtime::Model(words[1], words[2], 2);
}

int run(const tacit_runtime::Model& model) {
  const std::size_t size = model.info().example_size;
  std::vector<std::vector<double>> questions;
  std::vector<tacit_runtime::Answer> want;
  for (const std::size_t rows : {1, 5}) {
    questions.emplace_back(rows * size, 0.25 * static_cast<double>(rows));
    want.push_back(model.run(questions.back(), rows));
  }
  std::atomic<unsigned> same{0};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 64; ++i)
    threads.emplace_back([&, i] {
      for (unsigned k = 0; k < 4; ++k) try {
          const std::size_t which = (i + k) % questions.size();
          const tacit_runtime::Answer got = model.run(questions[which], questions[which].size() / size);
          if (got.shape == want[which].shape && got.values == want[which].values) ++same;
        } catch (const tacit_runtime::Error& e) { std::fprintf(stderr, "many_threads: %s\n", e.what()); }
    });
  for (std::thread& t : threads) t.join();
  std::printf("%u\n", same.load());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool by_a_broker = argc == 4 && std::strcmp(argv[1], "--broker") == 0;
  if (argc != 3 && !by_a_broker) return TACIT_USAGE;
  try {
    return run(opened(argv, by_a_broker));
  } catch (const tacit_runtime::Error& e) {
    std::fprintf(stderr, "many_threads: %s\n", e.what());
    return e.status();
  }
}
