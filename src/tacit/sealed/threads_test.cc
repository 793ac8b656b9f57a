// Many threads with one device and one file: each opens the model, runs it, and has the answer that all have.
#include <gtest/gtest.h>

#include <thread>

#include "tacit/nn/testing/onnx_models.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

constexpr unsigned kThreads = 64;

TEST(ManyThreads, OpenAndRunOneModel) {
  const SealedWorld world;
  Model m;
  m.input("x", {0, 20}).output("y");
  m.hold(floats("w", {20, 7}, wave({140}, 0.2).values));
  m.node("MatMul", {"x", "w"}, {"h"});
  m.node("Relu", {"h"}, {"y"});
  const auto file = world.seal(bytes_of(m.bytes()));
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

}  // namespace
}  // namespace tacit::sealed
