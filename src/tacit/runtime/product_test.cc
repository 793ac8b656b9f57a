// Matrix products of every instruction set, of all sizes around those of tiles and blocks, held to loops in
// double precision; with factors that were packed ahead, lie turned, or are picked out of something else.
#include "tacit/runtime/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

namespace tacit::runtime {
namespace {

using Floats = std::vector<float>;

Floats drawn(std::size_t n, unsigned seed) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> d(-1, 1);
  Floats out(n);
  for (float& v : out) v = d(rng);
  return out;
}

struct Sizes {
  std::size_t m, n, k;
};

class ProductOf : public ::testing::TestWithParam<Isa> {
 protected:
  const FloatKernels& kernels = float_kernels(GetParam());
  OrdinaryMemory memory;

  static void expect_product(const Floats& got, const Floats& a, const Floats& b, const Sizes& s,
                             const std::function<double(double, std::size_t, std::size_t)>& end,
                             const std::string& what) {
    for (std::size_t i = 0; i < s.m; ++i)
      for (std::size_t j = 0; j < s.n; ++j) {
        double sum = 0, size = 1;
        for (std::size_t x = 0; x < s.k; ++x) {
          const double v = static_cast<double>(a[i * s.k + x]) * static_cast<double>(b[x * s.n + j]);
          sum += v;
          size += std::fabs(v);
        }
        ASSERT_NEAR(got[i * s.n + j], end(sum, i, j), 1e-6 * size)
            << what << ": " << s.m << "x" << s.n << "x" << s.k << " at " << i << ", " << j;
      }
  }

  void check(const Sizes& s, Workers& workers) {
    const Floats a = drawn(s.m * s.k, 1), b = drawn(s.k * s.n, 2), rows = drawn(s.m, 3),
                 columns = drawn(s.n, 4);
    Floats turned_a(a.size()), turned_b(b.size());
    for (std::size_t i = 0; i < s.m; ++i)
      for (std::size_t x = 0; x < s.k; ++x) turned_a[x * s.m + i] = a[i * s.k + x];
    for (std::size_t x = 0; x < s.k; ++x)
      for (std::size_t j = 0; j < s.n; ++j) turned_b[j * s.k + x] = b[x * s.n + j];
    const auto far = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); };
    const PackedMatrix packed_a(kernels, memory, kernels.mr, a.data(), s.m, far(s.k), s.k, 1);
    const PackedMatrix packed_b(kernels, memory, kernels.nr, b.data(), s.n, 1, s.k, far(s.n), 2);
    std::vector<std::size_t> place, step;
    for (std::size_t j = 0; j < s.n; ++j) place.push_back(j);
    for (std::size_t x = 0; x < s.k; ++x) step.push_back(x * s.n);
    const Factor first[] = {{nullptr, a.data(), far(s.k), 1, nullptr, nullptr},
                            {nullptr, turned_a.data(), 1, far(s.m), nullptr, nullptr},
                            {&packed_a, nullptr, 0, 0, nullptr, nullptr}};
    const Factor second[] = {{nullptr, b.data(), 1, far(s.n), nullptr, nullptr},
                             {nullptr, turned_b.data(), far(s.k), 1, nullptr, nullptr},
                             {nullptr, b.data(), 0, 0, place.data(), step.data()},
                             {&packed_b, nullptr, 0, 0, nullptr, nullptr}};
    for (const Factor& fa : first)
      for (const Factor& fb : second) {
        const std::size_t slot =
            product_scratch(kernels, s.m, s.n, s.k, fa.packed != nullptr, fb.packed != nullptr);
        Buffer scratch(memory, 1 + slot * workers.threads());
        Floats c(s.m * s.n, 99.0f);
        Product p{s.m, s.n, s.k, fa, fb, c.data(), s.n, {rows.data(), columns.data(), true, -0.5, 1.5}};
        multiply({kernels, workers, nullptr, scratch.data(), slot, workers.threads()}, p);
        const double factor = fb.packed != nullptr ? 2 : 1;
        expect_product(
            c, a, b, s,
            [&](double sum, std::size_t i, std::size_t j) {
              return std::clamp(factor * sum + static_cast<double>(rows[i]) + static_cast<double>(columns[j]),
                                -0.5, 1.5);
            },
            "clamped");
        p.end = {nullptr, nullptr, false, 0, 0};
        multiply(kernels, p, scratch.data());
        expect_product(
            c, a, b, s, [&](double sum, std::size_t, std::size_t) { return factor * sum; }, "plain");
      }
  }
};

TEST_P(ProductOf, IsTheProduct) {
  Workers one(1), two(2);
  for (const Sizes& s :
       {Sizes{1, 1, 1}, Sizes{1, 33, 70}, Sizes{2, 17, 5}, Sizes{3, 100, 40}, Sizes{5, 8, 300},
        Sizes{7, 31, 3}, Sizes{14, 32, 64}, Sizes{29, 65, 13}, Sizes{16, 49, 0}})
    check(s, one);
  check({37, 70, 40}, two);
  check({150, 70, 30}, two);
}

/// More than a block in each direction.
TEST_P(ProductOf, InBlocks) {
  Workers two(2);
  const Sizes s{140, 270, 263};
  const Floats a = drawn(s.m * s.k, 5), b = drawn(s.k * s.n, 6);
  Floats c(s.m * s.n);
  Product p{s.m, s.n, s.k, {}, {}, c.data(), s.n};
  p.a.data = a.data(), p.a.outer_stride = static_cast<std::ptrdiff_t>(s.k), p.a.inner_stride = 1;
  p.b.data = b.data(), p.b.outer_stride = 1, p.b.inner_stride = static_cast<std::ptrdiff_t>(s.n);
  const std::size_t slot = product_scratch(kernels, s.m, s.n, s.k, false, false);
  Buffer scratch(memory, 2 * slot);
  multiply({kernels, two, nullptr, scratch.data(), slot, 2}, p);
  // Some of its numbers, so that the test is quick.
  for (std::size_t i = 0; i < s.m; i += 23)
    for (std::size_t j = 0; j < s.n; j += 7) {
      double sum = 0;
      for (std::size_t x = 0; x < s.k; ++x)
        sum += static_cast<double>(a[i * s.k + x]) * static_cast<double>(b[x * s.n + j]);
      ASSERT_NEAR(c[i * s.n + j], sum, 2e-5) << i << ", " << j;
    }
}

/// Places that lie side by side, apart, and in runs.
TEST_P(ProductOf, PicksItsFactorOutOfAnImage) {
  const std::size_t n = 41, k = 6;
  const Floats image = drawn(400, 7), a = drawn(k, 8);
  std::vector<std::size_t> place, step{0, 1, 2, 20, 21, 60};
  for (std::size_t j = 0; j < n; ++j)
    place.push_back(j < 7 ? j : j < 15 ? 3 * j : j < 30 ? 100 + j : 150 + 2 * (j % 9) + j);
  Floats c(n);
  Product p{1, n, k, {}, {}, c.data(), n};
  p.a.data = a.data(), p.a.outer_stride = static_cast<std::ptrdiff_t>(k), p.a.inner_stride = 1;
  p.b.data = image.data(), p.b.place = place.data(), p.b.step = step.data();
  Buffer scratch(memory, product_scratch(kernels, 1, n, k, false, false));
  multiply(kernels, p, scratch.data());
  for (std::size_t j = 0; j < n; ++j) {
    double sum = 0;
    for (std::size_t x = 0; x < k; ++x)
      sum += static_cast<double>(a[x]) * static_cast<double>(image[place[j] + step[x]]);
    ASSERT_NEAR(c[j], sum, 1e-5) << j;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ProductOf, ::testing::ValuesIn(runnable_isas()),
                         [](const auto& row) { return std::string(to_string(row.param)); });

TEST(MemoryOfTheRuntime, IsZeroedBeforeItGoes) {
  struct Watched final : Memory {
    float* take(std::size_t n) override {
      numbers.assign(n, 7.0f);
      return numbers.data();
    }
    void give_back(float* at, std::size_t n) noexcept override {
      for (std::size_t i = 0; i < n; ++i) left += at[i] != 0;
      ++given_back;
    }
    Floats numbers;
    std::size_t left = 0, given_back = 0;
  };
  Watched watched;
  {
    Buffer a(watched, 100), b(std::move(a)), none;
    EXPECT_EQ(b.size(), 100u);
    EXPECT_EQ(a.data(), nullptr);  // NOLINT: what is left of it
    none = std::move(b);
  }
  EXPECT_EQ(watched.given_back, 1u);
  EXPECT_EQ(watched.left, 0u);
}

}  // namespace
}  // namespace tacit::runtime
