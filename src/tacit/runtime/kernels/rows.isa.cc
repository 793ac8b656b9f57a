// What becomes of a row of numbers: sums, the largest, softmax, layer normalisation. See kernels.h. Sums are
// of floats for as long as a few thousand of them, and of doubles beyond. Compiled once for each instruction
// set.
#include "tacit/runtime/kernels/functions.h"
#include "tacit/runtime/kernels/kernels.h"

namespace tacit::TACIT_ISA {

void fill_products(runtime::FloatKernels&);     // product.isa.cc
void fill_elementwise(runtime::FloatKernels&);  // elementwise.isa.cc
void fill_planes(runtime::FloatKernels&);       // planes.isa.cc

namespace {

using namespace lanes;
using runtime::Row;

constexpr size_t kBlock = 256 * kLanes;

F itself(F x) { return x; }
F square(F x) { return x * x; }

double lanes_of(F v) {
  double total = 0;
  for (size_t i = 0; i < kLanes; ++i) total += static_cast<double>(v[i]);
  return total;
}

template <F (*kFunction)(F)>
double total_of(size_t n, const float* x) {
  double total = 0;
  size_t i = 0;
  while (i + kLanes <= n) {
    const size_t end = n - i < kBlock ? n : i + kBlock;
    F a = {}, b = {};
    for (; i + 2 * kLanes <= end; i += 2 * kLanes) {
      a += kFunction(load(x + i));
      b += kFunction(load(x + i + kLanes));
    }
    for (; i + kLanes <= end; i += kLanes) a += kFunction(load(x + i));
    total += lanes_of(a + b);
  }
  return i < n ? total + lanes_of(kFunction(load(x + i, n - i))) : total;
}

template <F (*kFunction)(F)>
float sum_row(size_t n, const float* x) {
  return static_cast<float>(total_of<kFunction>(n, x));
}

/// Of at least one number.
template <F (*kBetter)(F, F)>
float best_of(size_t n, const float* x) {
  F best = all(x[0]);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) best = kBetter(best, load(x + i));
  float out = best[0];
  for (size_t l = 1; l < kLanes; ++l) out = kBetter(all(out), all(best[l]))[0];
  for (; i < n; ++i) out = kBetter(all(out), all(x[i]))[0];
  return out;
}

/// out = e^(x - top); their sum.
double powers(size_t n, const float* x, float top, float* out) {
  double total = 0;
  size_t i = 0;
  while (i + kLanes <= n) {
    const size_t end = n - i < kBlock ? n : i + kBlock;
    F sum = {};
    for (; i + kLanes <= end; i += kLanes) {
      const F y = exp_of(load(x + i) - top);
      if (out != nullptr) store(out + i, y);
      sum += y;
    }
    total += lanes_of(sum);
  }
  if (i < n) {
    const F y = exp_of(load(x + i, n - i) - top);
    if (out != nullptr) store(out + i, y, n - i);
    for (size_t l = 0; l < n - i; ++l) total += static_cast<double>(y[l]);
  }
  return total;
}

void times(size_t n, float* x, float factor, float addend) {
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(x + i, load(x + i) * factor + addend);
  for (; i < n; ++i) x[i] = x[i] * factor + addend;
}

float log_of_total(double total) { return log_of(all(static_cast<float>(total)))[0]; }

void softmax(size_t n, const float* x, float* out) {
  const double total = powers(n, x, best_of<larger>(n, x), out);
  times(n, out, static_cast<float>(1 / total), 0);
}

float log_sum(size_t n, const float* x) {
  const float top = best_of<larger>(n, x);
  return top + log_of_total(powers(n, x, top, nullptr));
}

void log_softmax(size_t n, const float* x, float* out) {
  const float top = best_of<larger>(n, x), log = log_of_total(powers(n, x, top, nullptr));
  for (size_t i = 0; i < n; ++i) out[i] = (x[i] - top) - log;
}

void layer_norm(size_t n, const float* x, const float* scale, const float* bias, float epsilon, float* out) {
  const float mean = static_cast<float>(total_of<itself>(n, x) / static_cast<double>(n));
  for (size_t i = 0; i < n; ++i) out[i] = x[i] - mean;
  const double variance = total_of<square>(n, out) / static_cast<double>(n);
  const float factor = static_cast<float>(1 / __builtin_sqrt(variance + static_cast<double>(epsilon)));
  if (bias == nullptr) {
    for (size_t i = 0; i < n; ++i) out[i] = out[i] * factor * scale[i];
  } else {
    for (size_t i = 0; i < n; ++i) out[i] = out[i] * factor * scale[i] + bias[i];
  }
}

}  // namespace

void fill(runtime::FloatKernels& k) {
  const auto row = [&](Row r, auto f) { k.row[static_cast<size_t>(r)] = f; };
  row(Row::Max, best_of<larger>);
  row(Row::Min, best_of<smaller>);
  row(Row::Sum, sum_row<itself>);
  row(Row::SumOfMagnitudes, sum_row<magnitude>);
  row(Row::SumOfSquares, sum_row<square>);
  k.softmax = softmax;
  k.log_softmax = log_softmax;
  k.log_sum = log_sum;
  k.layer_norm = layer_norm;
  fill_products(k);
  fill_elementwise(k);
  fill_planes(k);
}

}  // namespace tacit::TACIT_ISA
