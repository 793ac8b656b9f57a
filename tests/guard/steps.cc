// Runs a model of level 2 and stops at every boundary between its nodes, so that a test can look into its
// memory from outside, as root: steps KEYS FILE. Each stop is a line on standard output, and goes on with a
// byte on standard input. Built twice: with all of the broker's guards, and, as TACIT_UNGUARDED, deliberately
// without: no memory is locked, nothing is zeroed, and what is freed keeps what was in it.
#include <malloc.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "tacit/base/error.h"
#include "tacit/sealed/guarded_runtime.h"
#ifdef TACIT_UNGUARDED
#include "tacit/sealed/testing/hardened.h"
#endif

#ifdef TACIT_UNGUARDED
// In place of the library's, by the linker's --wrap.
extern "C" void __wrap_explicit_bzero(void*, std::size_t) {}
#endif

namespace {

using namespace tacit;

void stop_at(const std::string& where) {
  std::printf("%s\n", where.c_str());
  std::fflush(stdout);
  char go = 0;
  if (::read(0, &go, 1) != 1) throw IoError("nobody looks any more");
}

sealed::Now now_here() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return {floor<seconds>(system_clock::now()).time_since_epoch().count(), sealed::boot_now()};
}

void run(const HardenedProcess& process, const std::filesystem::path& folder,
         const std::filesystem::path& file) {
  const auto keys = sealed::DeviceKeys::open(folder);
  sealed::TileSpace space(process);
  Workers workers(1);
  {
    sealed::GuardedRuntime runtime(sealed::open_model(file, keys, now_here()), space, workers);
    stop_at("open");
    PublicTensor example{runtime.example(), {}};
    example.shape.insert(example.shape.begin(), 1);
    example.values.resize(elements(example.shape), 0.5);
    runtime.run(example, [](const std::string& node, bool holds) {
      stop_at((holds ? "holds " : "gave back ") + node);
    });
    stop_at("answered");
  }
  stop_at("closed");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
#ifdef TACIT_UNGUARDED
    // The heap of a program that runs for long: what is freed at its end stays a part of it.
    ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
    const HardenForTests none;
    run(none.process, argv[1], argv[2]);
#else
    const HardenedProcess process(zeroing_free());
    run(process, argv[1], argv[2]);
#endif
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "steps: %s\n", e.what());
    return 1;
  }
}
