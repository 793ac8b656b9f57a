#include <cmath>

#include "tacit/audit/imitation.h"
#include "tacit/base/error.h"

namespace tacit::audit {

namespace {

/// By the mean square of an input: enough that a matrix can be factored, and far below what answers show.
constexpr double kDecay = 1e-9;

/// A symmetric positive matrix, factored into a triangular one and its transpose (Cholesky).
class Factored {
 public:
  Factored(std::vector<double> matrix, std::size_t n) : l_(std::move(matrix)), n_(n) {
    for (std::size_t j = 0; j < n_; ++j) {
      for (std::size_t i = j; i < n_; ++i) {
        double sum = at(i, j);
        for (std::size_t k = 0; k < j; ++k) sum -= at(i, k) * at(j, k);
        if (i == j)
          at(j, j) = std::sqrt(std::max(sum, 1e-300));
        else
          at(i, j) = sum / at(j, j);
      }
    }
  }
  /// In place.
  void solve(double* x) const {
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < i; ++k) x[i] -= l_[i * n_ + k] * x[k];
      x[i] /= l_[i * n_ + i];
    }
    for (std::size_t i = n_; i-- > 0;) {
      for (std::size_t k = i + 1; k < n_; ++k) x[i] -= l_[k * n_ + i] * x[k];
      x[i] /= l_[i * n_ + i];
    }
  }

 private:
  double& at(std::size_t i, std::size_t j) { return l_[i * n_ + j]; }
  std::vector<double> l_;
  std::size_t n_;
};

class Affine final : public Imitation {
 public:
  explicit Affine(const Answers& known)
      : inputs_(known.questions.values.size() / known.rows()),
        outputs_(known.answers.values.size() / known.rows()),
        form_(known.answers.shape),
        mean_x_(inputs_),
        mean_y_(outputs_),
        weights_(outputs_ * inputs_) {
    const std::size_t rows = known.rows();
    average(known.questions.values, rows, mean_x_);
    average(known.answers.values, rows, mean_y_);
    // Of as many unknowns as there are inputs, or as there are answers, whichever are fewer.
    if (rows > inputs_)
      by_inputs(known);
    else
      by_answers(known);
  }

  PublicTensor run(const PublicTensor& questions) override {
    const std::size_t rows = questions.shape.at(0);
    ensure(questions.values.size() == rows * inputs_, "questions like those before");
    PublicTensor out{form_, std::vector<double>(rows * outputs_)};
    out.shape[0] = rows;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t o = 0; o < outputs_; ++o) {
        double sum = mean_y_[o];
        for (std::size_t i = 0; i < inputs_; ++i)
          sum += weights_[o * inputs_ + i] * (questions.values[r * inputs_ + i] - mean_x_[i]);
        out.values[r * outputs_ + o] = sum;
      }
    return out;
  }

 private:
  static void average(const std::vector<double>& from, std::size_t rows, std::vector<double>& to) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i % to.size()] += from[i] / static_cast<double>(rows);
  }
  double x(const Answers& known, std::size_t r, std::size_t i) const {
    return known.questions.values[r * inputs_ + i] - mean_x_[i];
  }
  double y(const Answers& known, std::size_t r, std::size_t o) const {
    return known.answers.values[r * outputs_ + o] - mean_y_[o];
  }
  static Factored factored(std::vector<double> gram, std::size_t n) {
    double trace = 0;
    for (std::size_t i = 0; i < n; ++i) trace += gram[i * n + i];
    const double decay = kDecay * trace / static_cast<double>(n) + 1e-30;
    for (std::size_t i = 0; i < n; ++i) gram[i * n + i] += decay;
    return {std::move(gram), n};
  }

  void by_inputs(const Answers& known) {
    std::vector<double> gram(inputs_ * inputs_);
    for (std::size_t r = 0; r < known.rows(); ++r)
      for (std::size_t i = 0; i < inputs_; ++i) {
        const double xi = x(known, r, i);
        for (std::size_t j = 0; j <= i; ++j) gram[i * inputs_ + j] += xi * x(known, r, j);
        for (std::size_t o = 0; o < outputs_; ++o) weights_[o * inputs_ + i] += xi * y(known, r, o);
      }
    const Factored f = factored(std::move(gram), inputs_);
    for (std::size_t o = 0; o < outputs_; ++o) f.solve(&weights_[o * inputs_]);
  }

  void by_answers(const Answers& known) {
    const std::size_t n = known.rows();
    std::vector<double> gram(n * n);
    for (std::size_t r = 0; r < n; ++r)
      for (std::size_t q = 0; q <= r; ++q)
        for (std::size_t i = 0; i < inputs_; ++i) gram[r * n + q] += x(known, r, i) * x(known, q, i);
    const Factored f = factored(std::move(gram), n);
    std::vector<double> part(n);
    for (std::size_t o = 0; o < outputs_; ++o) {
      for (std::size_t r = 0; r < n; ++r) part[r] = y(known, r, o);
      f.solve(part.data());
      for (std::size_t r = 0; r < n; ++r)
        for (std::size_t i = 0; i < inputs_; ++i) weights_[o * inputs_ + i] += part[r] * x(known, r, i);
    }
  }

  std::size_t inputs_, outputs_;
  Shape form_;
  std::vector<double> mean_x_, mean_y_, weights_;
};

}  // namespace

Answers Answers::first(std::size_t count) const {
  ensure(count > 0 && count <= rows(), "some of the answers");
  const auto part = [&](const PublicTensor& all) {
    PublicTensor out{all.shape, {}};
    out.shape[0] = count;
    const std::size_t width = all.values.size() / rows();
    out.values.assign(all.values.begin(), all.values.begin() + static_cast<std::ptrdiff_t>(count * width));
    return out;
  };
  return {part(questions), part(answers)};
}

std::unique_ptr<Imitation> affine_imitation(const Answers& known) {
  const std::size_t inputs = known.questions.values.size() / known.rows();
  require(inputs <= kMostAffineInputs, "an affine imitation of {} inputs takes too long", inputs);
  return std::make_unique<Affine>(known);
}

}  // namespace tacit::audit
