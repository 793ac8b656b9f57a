// What one party computes alone.
#include <random>

#include "bench.h"
#include "tacit/crypto/prg.h"
#include "tacit/ring/bilinear.h"

namespace tacit::bench {

namespace {

RingTensor random_tensor(const Shape& shape) {
  RingTensor t(shape);
  Prg(Bytes(16), detect_isa()).fill(0, 0, {t.data(), t.size()});
  return t;
}

void matmul(Context& c) {
  const std::size_t n = 1024;
  const RingTensor a = random_tensor({n, n}), b = random_tensor({n, n});
  const double macs = static_cast<double>(n) * n * n / 1e9;
  for (Isa isa : runnable_isas()) {
    Workers one(1);
    const Compute compute{ring_kernels(isa), one};
    const Timing t = measure(7, [&] { evaluate(compute, Bilinear::matmul(), Field::Ring, a, b); });
    const bool best = isa == detect_isa();
    c.add(best ? "kernels.matmul_u64_gmacs" : "kernels.matmul_u64_gmacs." + std::string(to_string(isa)),
          macs / t.median, "G multiply-adds/s, one core");
    if (!best) continue;
    Workers two(2);
    const Compute wide{ring_kernels(isa), two};
    const Timing w = measure(7, [&] { evaluate(wide, Bilinear::matmul(), Field::Ring, a, b); });
    c.add("kernels.two_core_speedup", t.median / w.median, "times one core's speed");
    const Timing d = measure(7, [&] { evaluate(compute, Bilinear::matmul(), Field::Double, a, b); });
    c.add("kernels.matmul_f64_gmacs", macs / d.median, "G multiply-adds/s, one core");
  }
}

void shapes(Context& c) {
  Workers one(1);
  const Compute compute{ring_kernels(detect_isa()), one};
  const ConvGeometry plain;
  struct Case {
    const char* name;
    Bilinear map;
    Shape a, b;
  };
  const Case cases[] = {
      {"A.forward", Bilinear::matmul(), {128, 784}, {784, 128}},
      {"A.weights", Bilinear::matmul(true), {128, 784}, {128, 128}},
      {"C.conv1", Bilinear::convolution(plain), {128, 1, 28, 28}, {20, 1, 5, 5}},
      {"C.conv2", Bilinear::convolution(plain), {128, 20, 12, 12}, {50, 20, 5, 5}},
      {"C.conv2.input",
       {.kind = Bilinear::Kind::ConvGradInput, .conv = plain, .input_h = 12, .input_w = 12},
       {128, 50, 8, 8},
       {50, 20, 5, 5}},
      {"C.conv2.weights",
       {.kind = Bilinear::Kind::ConvGradWeight, .conv = plain, .kernel_h = 5, .kernel_w = 5},
       {128, 20, 12, 12},
       {128, 50, 8, 8}},
  };
  for (const Case& k : cases) {
    const RingTensor a = random_tensor(k.a), b = random_tensor(k.b);
    const Timing t = measure(7, [&] { evaluate(compute, k.map, Field::Ring, a, b); });
    c.add(std::string("kernels.shape.") + k.name + "_gmacs",
          static_cast<double>(k.map.multiply_adds(k.a, k.b)) / 1e9 / t.median, "G multiply-adds/s, one core");
  }
}

void generator(Context& c) {
  const Prg prg(Bytes(16), detect_isa());
  std::vector<Word> out(1 << 16);
  const Timing t = measure(201, [&] { prg.fill(1, 0, out); });
  c.add("kernels.prg_gbytes", static_cast<double>(out.size()) * 8e-9 / t.median, "GB/s, one core");
}

void planes(Context& c) {
  const RingKernels& k = ring_kernels(detect_isa());
  const RingTensor words = random_tensor({1 << 15});
  Words out(words.size());
  const Timing t = measure(
      201, [&] { k.to_planes(words.size() / 64, words.data(), 0, 64, out.data(), words.size() / 64); });
  c.add("kernels.transpose_gwords", static_cast<double>(words.size()) * 1e-9 / t.median,
        "G words/s, one core");
}

}  // namespace

std::vector<Benchmark> kernel_benchmarks() {
  return {
      {"kernels.matmul", "64-bit and double matrix products, 1024 by 1024, on one core and on two", matmul},
      {"kernels.shapes", "64-bit products in the shapes of networks A and C", shapes},
      {"kernels.prg", "the generator (AES-128 in counter mode)", generator},
      {"kernels.planes", "64 by 64 bit transposes", planes}};
}

}  // namespace tacit::bench
