// Each kernel of each instruction set against its definition.
#include <gtest/gtest.h>

#include <random>

#include "tacit/ring/bilinear.h"
#include "tacit/ring/codec.h"

namespace tacit {
namespace {

RingTensor random_tensor(const Shape& shape, std::mt19937_64& rng) {
  RingTensor t(shape);
  for (Word& w : t.words) w = rng();
  return t;
}

/// The schoolbook definition of every map but Mul and And, over index arithmetic alone.
RingTensor schoolbook(const Bilinear& map, const RingTensor& a, const RingTensor& b) {
  RingTensor out = RingTensor::zeros(map.output_shape(a.shape, b.shape));
  const ConvGeometry& g = map.conv;
  auto conv_loop = [&](const Shape& x, const Shape& w, const Shape& y, auto&& visit) {
    const std::size_t oc = w[0] / g.groups;
    for (std::size_t n = 0; n < x[0]; ++n)
      for (std::size_t o = 0; o < w[0]; ++o)
        for (std::size_t c = 0; c < w[1]; ++c)
          for (std::size_t oy = 0; oy < y[2]; ++oy)
            for (std::size_t ox = 0; ox < y[3]; ++ox)
              for (std::size_t ky = 0; ky < w[2]; ++ky)
                for (std::size_t kx = 0; kx < w[3]; ++kx) {
                  const long iy = long(oy * g.stride_h + ky * g.dilation_h) - long(g.pad_top);
                  const long ix = long(ox * g.stride_w + kx * g.dilation_w) - long(g.pad_left);
                  if (iy < 0 || ix < 0 || iy >= long(x[2]) || ix >= long(x[3])) continue;
                  const std::size_t xc = o / oc * w[1] + c;
                  visit(((n * x[1] + xc) * x[2] + iy) * x[3] + ix, ((o * w[1] + c) * w[2] + ky) * w[3] + kx,
                        ((n * y[1] + o) * y[2] + oy) * y[3] + ox);
                }
  };
  switch (map.kind) {
    case Bilinear::Kind::MatMul: {
      const std::size_t m = out.shape[out.shape.size() - 2], n = out.shape.back();
      const std::size_t k = map.transpose_a ? a.shape[a.shape.size() - 2] : a.shape.back();
      for (std::size_t batch = 0; batch * m * n < out.size(); ++batch)
        for (std::size_t i = 0; i < m; ++i)
          for (std::size_t j = 0; j < n; ++j)
            for (std::size_t l = 0; l < k; ++l)
              out.words[(batch * m + i) * n + j] +=
                  a.words[batch * m * k + (map.transpose_a ? l * m + i : i * k + l)] *
                  b.words[batch * k * n + (map.transpose_b ? j * k + l : l * n + j)];
      break;
    }
    case Bilinear::Kind::Conv:
      conv_loop(a.shape, b.shape, out.shape,
                [&](auto x, auto w, auto y) { out.words[y] += a.words[x] * b.words[w]; });
      break;
    case Bilinear::Kind::ConvGradInput:
      conv_loop(out.shape, b.shape, a.shape,
                [&](auto x, auto w, auto y) { out.words[x] += a.words[y] * b.words[w]; });
      break;
    case Bilinear::Kind::ConvGradWeight:
      conv_loop(a.shape, out.shape, b.shape,
                [&](auto x, auto w, auto y) { out.words[w] += a.words[x] * b.words[y]; });
      break;
    default:
      ADD_FAILURE();
  }
  return out;
}

class EveryIsa : public ::testing::TestWithParam<Isa> {
 protected:
  Workers workers_{2};
  Compute compute_{ring_kernels(GetParam()), workers_};
  std::mt19937_64 rng_{42};
  std::size_t pick(std::size_t low, std::size_t high) { return low + rng_() % (high - low + 1); }

  /// Of ones, each element of the result is the number of products in it.
  void expect_counted(const Bilinear& map, const Shape& sa, const Shape& sb) {
    auto ones = [](const Shape& s) { return RingTensor(s, Words(elements(s), 1)); };
    const RingTensor counts = schoolbook(map, ones(sa), ones(sb));
    const Word most = counts.size() == 0 ? 0 : *std::max_element(counts.words.begin(), counts.words.end());
    EXPECT_LE(most, map.terms(sa, sb));
    if (map.kind == Bilinear::Kind::MatMul) { EXPECT_EQ(std::max<Word>(most, 1), map.terms(sa, sb)); }
  }
  void expect_schoolbook(const Bilinear& map, const Shape& sa, const Shape& sb) {
    const RingTensor a = random_tensor(sa, rng_), b = random_tensor(sb, rng_);
    const RingTensor expected = schoolbook(map, a, b);
    const RingTensor got = evaluate(compute_, map, Field::Ring, a, b);
    ASSERT_EQ(got.shape, expected.shape);
    ASSERT_TRUE(got.words == expected.words) << to_string(sa) << " " << to_string(sb);
    // Split sums of split operands, computed in ranges, give the same.
    const RingTensor a1 = random_tensor(sa, rng_), b1 = random_tensor(sb, rng_);
    RingTensor a2(sa), b2(sb), pieces(expected.shape);
    compute_.kernels.sub(a.size(), a.data(), a1.data(), a2.data());
    compute_.kernels.sub(b.size(), b.data(), b1.data(), b2.data());
    expect_counted(map, sa, sb);
    const BilinearTerm terms[] = {{a1.data(), nullptr, b1.data(), b2.data()},
                                  {a2.data(), nullptr, b.data(), nullptr}};
    const std::size_t outer = map.outer(sa, sb), cut = pick(0, outer);
    evaluate(compute_, map, Field::Ring, sa, sb, terms, cut, outer, pieces);
    evaluate(compute_, map, Field::Ring, sa, sb, terms, 0, cut, pieces);
    ASSERT_TRUE(pieces.words == expected.words) << "in ranges " << to_string(sa) << " " << to_string(sb);
    // The same map over doubles, on small integers, is exact.
    RingTensor da(sa), db(sb), ia(sa), ib(sb);
    for (std::size_t i = 0; i < a.size(); ++i) {
      ia.words[i] = a.words[i] % 1000;
      da.words[i] = std::bit_cast<Word>(static_cast<double>(ia.words[i]));
    }
    for (std::size_t i = 0; i < b.size(); ++i) {
      ib.words[i] = b.words[i] % 1000;
      db.words[i] = std::bit_cast<Word>(static_cast<double>(ib.words[i]));
    }
    const RingTensor whole = evaluate(compute_, map, Field::Ring, ia, ib);
    const RingTensor real = evaluate(compute_, map, Field::Double, da, db);
    for (std::size_t i = 0; i < whole.size(); ++i)
      ASSERT_EQ(std::bit_cast<double>(real.words[i]), static_cast<double>(whole.words[i]));
  }
};

TEST_P(EveryIsa, MatrixProducts) {
  for (int round = 0; round < 40; ++round) {
    const std::size_t m = pick(1, 40), k = pick(1, 300), n = pick(1, 40);
    const bool ta = rng_() % 2, tb = rng_() % 2;
    Shape a = ta ? Shape{k, m} : Shape{m, k}, b = tb ? Shape{n, k} : Shape{k, n};
    if (round % 4 == 0) {
      const std::size_t batch = pick(1, 3);
      a.insert(a.begin(), batch);
      b.insert(b.begin(), batch);
    }
    expect_schoolbook(Bilinear::matmul(ta, tb), a, b);
  }
  expect_schoolbook(Bilinear::matmul(), {300, 5}, {5, 3});
}

TEST_P(EveryIsa, ConvolutionsAndTheirGradients) {
  for (int round = 0; round < 40; ++round) {
    ConvGeometry g;
    g.groups = pick(1, 2);
    g.stride_h = pick(1, 3), g.stride_w = pick(1, 3);
    g.pad_top = pick(0, 2), g.pad_left = pick(0, 2), g.pad_bottom = pick(0, 2), g.pad_right = pick(0, 2);
    g.dilation_h = pick(1, 2), g.dilation_w = pick(1, 2);
    const Shape w{g.groups * pick(1, 5), pick(1, 3), pick(1, 4), pick(1, 4)};
    const Shape x{pick(1, 4), g.groups * w[1], pick(7, 12), pick(7, 12)};
    const Shape y = Bilinear::convolution(g).output_shape(x, w);
    expect_schoolbook(Bilinear::convolution(g), x, w);
    Bilinear grad_input{.kind = Bilinear::Kind::ConvGradInput, .conv = g, .input_h = x[2], .input_w = x[3]};
    expect_schoolbook(grad_input, y, w);
    Bilinear grad_weight{
        .kind = Bilinear::Kind::ConvGradWeight, .conv = g, .kernel_h = w[2], .kernel_w = w[3]};
    expect_schoolbook(grad_weight, x, y);
  }
}

TEST_P(EveryIsa, AllVariantsOfTheRingProductAgree) {
  for (const GemmKernel* kernel : compute_.kernels.all_gemm_ring) {
    RingKernels table = compute_.kernels;
    table.gemm_ring = kernel;
    const Compute compute{table, workers_};
    for (const Shape& s : {Shape{1, 1, 1}, Shape{5, 193, 17}, Shape{67, 400, 33}}) {
      const RingTensor a = random_tensor({s[0], s[1]}, rng_), b = random_tensor({s[1], s[2]}, rng_);
      EXPECT_TRUE(evaluate(compute, Bilinear::matmul(), Field::Ring, a, b).words ==
                  schoolbook(Bilinear::matmul(), a, b).words)
          << kernel->name;
    }
  }
}

TEST_P(EveryIsa, ProductsOfExtremeWords) {
  for (const Word x : {Word{0}, Word{1}, ~Word{0}, Word{1} << 63, (Word{1} << 52) - 1, Word{1} << 52}) {
    RingTensor a(Shape{3, 129}), b(Shape{129, 17});
    std::fill(a.words.begin(), a.words.end(), x);
    std::fill(b.words.begin(), b.words.end(), ~x);
    for (Word w : evaluate(compute_, Bilinear::matmul(), Field::Ring, a, b).words) EXPECT_EQ(w, 129 * x * ~x);
  }
}

TEST_P(EveryIsa, TransposesToPlanesAndBack) {
  for (unsigned low = 0; low < 64; low += 7)
    for (unsigned bits = 1; low + bits <= 64; bits += 5) {
      const std::size_t groups = 3, stride = 5;
      const RingTensor x = random_tensor({64 * groups}, rng_);
      Words planes(bits * stride), back(64 * groups);
      compute_.kernels.to_planes(groups, x.data(), low, bits, planes.data(), stride);
      for (unsigned p = 0; p < bits; ++p)
        for (std::size_t i = 0; i < 64 * groups; ++i)
          ASSERT_EQ(planes[p * stride + i / 64] >> (i % 64) & 1, x.words[i] >> (low + p) & 1);
      compute_.kernels.from_planes(groups, planes.data(), stride, bits, back.data());
      const Word mask = bits == 64 ? ~Word{0} : (Word{1} << bits) - 1;
      for (std::size_t i = 0; i < back.size(); ++i) ASSERT_EQ(back[i], (x.words[i] >> low) & mask);
    }
}

TEST_P(EveryIsa, Elementwise) {
  const std::size_t n = 1003;
  const RingTensor a = random_tensor({n}, rng_), b = random_tensor({n}, rng_), c = random_tensor({n}, rng_),
                   d = random_tensor({n}, rng_);
  RingTensor out(Shape{n});
  const RingKernels& k = compute_.kernels;
  auto expect = [&](auto&& f) {
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_EQ(out.words[i], f(a.words[i], b.words[i], c.words[i], d.words[i]));
  };
  k.add(n, a.data(), b.data(), out.data()), expect([](Word x, Word y, Word, Word) { return x + y; });
  k.sub(n, a.data(), b.data(), out.data()), expect([](Word x, Word y, Word, Word) { return x - y; });
  k.negate(n, a.data(), out.data()), expect([](Word x, Word, Word, Word) { return 0 - x; });
  k.mul(n, a.data(), b.data(), out.data()), expect([](Word x, Word y, Word, Word) { return x * y; });
  k.scale(n, a.data(), 77, out.data()), expect([](Word x, Word, Word, Word) { return 77 * x; });
  k.add_scalar(n, a.data(), 77, out.data()), expect([](Word x, Word, Word, Word) { return 77 + x; });
  for (const Word* sum : {static_cast<const Word*>(nullptr), std::as_const(c).data()})
    for (const Word* a2 : {static_cast<const Word*>(nullptr), std::as_const(d).data()})
      for (const Word* b2 : {static_cast<const Word*>(nullptr), std::as_const(c).data()}) {
        k.mul_add(n, sum, a.data(), a2, b.data(), b2, out.data());
        expect([&](Word x, Word y, Word z, Word w) {
          return (sum ? z : 0) + (x + (a2 ? w : 0)) * (y + (b2 ? z : 0));
        });
      }
  k.bit_xor(n, a.data(), b.data(), out.data()), expect([](Word x, Word y, Word, Word) { return x ^ y; });
  k.bit_and(n, a.data(), b.data(), out.data()), expect([](Word x, Word y, Word, Word) { return x & y; });
}

INSTANTIATE_TEST_SUITE_P(All, EveryIsa, ::testing::ValuesIn(runnable_isas()),
                         [](const auto& p) { return std::string(to_string(p.param)); });

TEST(Codec, RoundsHalvesToEvenAndRefusesWhatDoesNotFit) {
  EXPECT_EQ(encode_fixed(1.0, 16), 65536u);
  EXPECT_EQ(encode_fixed(-1.5, 16), Word{0} - 98304);
  EXPECT_EQ(encode_fixed(0.5 / 65536, 16), 0u);
  EXPECT_EQ(encode_fixed(1.5 / 65536, 16), 2u);
  EXPECT_EQ(encode_fixed(2.5 / 65536, 16), 2u);
  EXPECT_EQ(decode_fixed(encode_fixed(-3.25, 8), 8), -3.25);
  EXPECT_ANY_THROW(encode_fixed(std::nan(""), 16));
  EXPECT_ANY_THROW(encode_fixed(1e300, 16));
  EXPECT_ANY_THROW(encode_fixed(0x1p46, 16));
}

}  // namespace
}  // namespace tacit
