#include "tacit/nn/testing/op_case.h"

#include <cmath>

namespace tacit::nn::testing {

Argument known(PublicTensor value) { return {std::move(value), Argument::Kind::Known}; }
Argument absent() { return {{}, Argument::Kind::Absent}; }

PublicTensor uniform(const Shape& shape, double low, double high, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::uniform_real_distribution<double> d(low, high);
  PublicTensor t{shape, std::vector<double>(elements(shape))};
  for (double& v : t.values) v = std::nearbyint(d(rng) * 65536) / 65536;
  return t;
}

PublicTensor starting_with(std::vector<double> first, PublicTensor rest) {
  for (std::size_t i = 0; i < first.size() && i < rest.values.size(); ++i) rest.values[i] = first[i];
  return rest;
}

PublicTensor edges(const Shape& shape, std::uint64_t seed) {
  const double ulp = 1.0 / 65536;
  return starting_with({0, ulp, -ulp, 1, -1, 2, -2, 1000, -1000}, uniform(shape, -4, 4, seed));
}

double at(const PublicTensor& x, const Shape& index) {
  const auto strides = row_major_strides(x.shape);
  const std::size_t lead = index.size() - x.shape.size();
  std::size_t place = 0;
  for (std::size_t i = 0; i < x.shape.size(); ++i)
    place += x.shape[i] == 1 ? 0 : index[lead + i] * strides[i];
  return x.values[place];
}

void each_index(const Shape& shape, const std::function<void(const Shape&)>& body) {
  const auto strides = row_major_strides(shape);
  Shape index(shape.size());
  for (std::size_t i = 0, n = elements(shape); i < n; ++i) {
    for (std::size_t axis = 0; axis < shape.size(); ++axis) index[axis] = i / strides[axis] % shape[axis];
    body(index);
  }
}

PublicTensor tabulate(const Shape& shape, const std::function<double(const Shape&)>& f) {
  PublicTensor out{shape, {}};
  each_index(shape, [&](const Shape& index) { out.values.push_back(f(index)); });
  return out;
}

Reference each(double (*f)(double)) {
  return [f](const Tensors& in) {
    PublicTensor out = in[0];
    for (double& v : out.values) v = f(v);
    return out;
  };
}

Reference pairwise(double (*f)(double, double)) {
  return [f](const Tensors& in) {
    return tabulate(broadcast(in[0].shape, in[1].shape),
                    [&](const Shape& index) { return f(at(in[0], index), at(in[1], index)); });
  };
}

std::vector<OpCase> all_cases() {
  std::vector<OpCase> all;
  for (const auto& table : {arithmetic_cases(), function_cases(), logic_cases(), layout_cases(),
                            reduction_cases(), product_cases(), window_cases(), norm_cases()})
    all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace tacit::nn::testing
