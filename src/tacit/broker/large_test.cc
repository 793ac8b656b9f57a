// A model of level 2 takes little memory, however large it is: its tiles are opened one after the other.
// Under sanitizers, which keep what was freed for a while, there is nothing to measure.
#include <gtest/gtest.h>

#ifdef TACIT_ZEROING_FREE

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/testing/guarded_world.h"

namespace tacit::broker {
namespace {

using namespace tacit::testing;
using namespace sealed;

constexpr std::size_t kWide = 1024, kLayers = 6;
/// Of 48 MiB as doubles, and 24 as they were sealed.
constexpr long kFewKilobytes = 16 << 10;

nn::Graph wide_layers() {
  const nn::Op* product = nn::find_op("MatMul");
  const nn::Op* bound = nn::find_op("Relu");
  nn::Graph g;
  nn::ValueId at = g.add_input("x", {1, kWide});
  for (std::size_t l = 0; l < kLayers; ++l) {
    PublicTensor w{{kWide, kWide}, Numbers(kWide * kWide)};
    // Fractions that floats hold, so that they are sealed as such.
    for (std::size_t i = 0; i < w.values.size(); ++i)
      w.values[i] = static_cast<double>((i * 2654435761u + l) % 64) / 1024 - 0.03;
    for (double& v : w.values) v = static_cast<double>(static_cast<float>(v));
    const nn::ValueId weight = g.add_parameter("w" + std::to_string(l), std::move(w));
    at = g.add_node(*product, "product" + std::to_string(l), {at, weight}, {});
    at = g.add_node(*bound, "bound" + std::to_string(l), {at}, {});
  }
  g.outputs = {at};
  return g;
}

long most_kilobytes() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_maxrss;
}

TEST(MemoryOfABroker, IsLittleForALargeModel) {
  GuardedWorld world;
  const auto file = world.guarded(wide_layers());
  EXPECT_GT(std::filesystem::file_size(file), kLayers * kWide * kWide * sizeof(float));
  // A process of its own, whose memory begins with it.
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      const long before = most_kilobytes();
      TileSpace space(world.hardened.process);
      Workers workers(1);
      GuardedRuntime r(open_model(file, world.device, kNow), space, workers);
      const PublicTensor answer = r.run(wave({2, kWide}));
      if (answer.shape != Shape{2, kWide}) ::_exit(2);
      ::_exit(most_kilobytes() - before < kFewKilobytes ? 0 : 1);
    } catch (...) { ::_exit(3); }
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tacit::broker

#endif  // sanitizers
