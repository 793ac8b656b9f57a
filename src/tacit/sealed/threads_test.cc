// Many threads with one device and one file: each opens the model, or all run one that is open, and each has
// the answer that all have.
#include <gtest/gtest.h>

#include <thread>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

constexpr unsigned kThreads = 64;

std::filesystem::path sealed_to(const SealedWorld& world) {
  Model m;
  m.input("x", {0, 20}).output("y");
  m.hold(floats("w", {20, 7}, wave({140}, 0.2).values));
  m.node("MatMul", {"x", "w"}, {"h"});
  m.node("Relu", {"h"}, {"y"});
  return world.seal(bytes_of(m.bytes()));
}

TEST(ManyThreads, OpenAndRunOneModel) {
  const SealedWorld world;
  const auto file = sealed_to(world);
  const PublicTensor x = wave({3, 20}), want = Runtime(open_model(file, world.device, kNow), 1).run(x);
  ASSERT_EQ(want.shape, (Shape{3, 7}));
  std::vector<std::string> said(kThreads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      said[i] = outcome([&] {
        // Some see a later time than others, and the device notes it.
        Runtime r(open_model(file, world.device, kNow + i / 16), 1);
        for (int k = 0; k < 3; ++k) require(r.run(x).values == want.values, "it has another answer");
      });
    });
  for (std::thread& t : threads) t.join();
  for (unsigned i = 0; i < kThreads; ++i) EXPECT_EQ(said[i], "opened") << i;
}

TEST(ManyThreads, RunOneOpenModel) {
  const SealedWorld world;
  const Runtime model(open_model(sealed_to(world), world.device, kNow), 2);
  std::vector<PublicTensor> asked, want;
  for (const std::size_t rows : {1u, 3u, 40u}) {
    asked.push_back(wave({rows, 20}, 0.1 * static_cast<double>(rows)));
    want.push_back(model.run(asked.back()));
  }
  std::vector<std::string> said(kThreads);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      said[i] = outcome([&] {
        for (unsigned k = 0; k < 6; ++k) {
          const std::size_t which = (i + k) % asked.size();
          require(model.run(asked[which]).values == want[which].values, "question {} has another answer",
                  which);
        }
      });
    });
  for (std::thread& t : threads) t.join();
  for (unsigned i = 0; i < kThreads; ++i) EXPECT_EQ(said[i], "opened") << i;
}

}  // namespace
}  // namespace tacit::sealed
