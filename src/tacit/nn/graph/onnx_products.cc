// Products that tacit writes as transpositions and matrix products: vectors as factors, einsum, and rows of a
// table at places that come from data. Sizes that follow the batch stay open.
#include <algorithm>
#include <iterator>
#include <map>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"
#include "tacit/nn/graph/onnx_lower.h"

namespace tacit::nn::onnx_io {

namespace {

/// A tensor's axes by their letters, with their sizes for a batch of one and of two.
struct Labelled {
  Operand x;
  std::string labels;
};
struct Extent {
  std::size_t one = 1, two = 1;
};

Tensor shape_tensor(const Shape& shape) {
  Tensor t{Element::Int, {shape.size()}, {}};
  for (std::size_t d : shape) t.values.push_back(static_cast<double>(d));
  return t;
}

/// Part of a step, on which all of these work.
struct Part {
  Builder& builder;
  const Step& step;
  const Origin& origin;

  Operand reshaped(const Operand& x, const Shape& one, const Shape& two, std::string_view suffix) const {
    if (builder.shape(x) == one && builder.shape_of_two(x) == two) return x;
    Operand target = known(fmt::format("{}.{}.shape", step.out.at(0), suffix), shape_tensor(one));
    if (one != two) target.two = std::make_shared<const Tensor>(shape_tensor(two));
    return lower_reshape(builder, helper(step, "Reshape", suffix, {x, target}), origin);
  }
  Operand transposed(const Operand& x, const std::vector<std::int64_t>& order,
                     std::string_view suffix) const {
    if (std::is_sorted(order.begin(), order.end())) return x;
    return builder.emit(helper(step, "Transpose", suffix, {x}, {{"perm", order}}));
  }
  /// The last operator of the step gives its result.
  Operand last(Step closing) const {
    closing.out = {step.out.at(0)};
    return builder.emit(closing);
  }
};

bool holds(const std::string& labels, char c) { return labels.find(c) != std::string::npos; }

/// Those of `order` for which `wanted` says so.
template <class F>
std::string chosen(const std::string& order, F wanted) {
  std::string out;
  std::copy_if(order.begin(), order.end(), std::back_inserter(out), wanted);
  return out;
}

std::vector<std::int64_t> places(const std::string& wanted, const std::string& in) {
  std::vector<std::int64_t> out;
  for (char c : wanted) out.push_back(static_cast<std::int64_t>(in.find(c)));
  return out;
}

struct Equation {
  std::vector<std::string> in;
  std::string out;
};

void check_term(const std::string& term, const Step& step) {
  for (char c : term) {
    require((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'),
            "{} names axes by something else than letters ('{}'), which tacit does not read; name every axis "
            "by a "
            "letter",
            step.what(), printable(step.attrs.text("equation", "")));
    require(std::count(term.begin(), term.end(), c) == 1,
            "{} takes a diagonal (the axis '{}' twice in one term), which tacit does not do; use Gather",
            step.what(), c);
  }
}

Equation equation_of(const Step& step) {
  std::string text = step.attrs.text("equation", "");
  require(!text.empty() && text.size() < 1000, "{} has no equation; export the model again", step.what());
  text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  Equation e{{""}, {}};
  for (char c : left) {
    if (c == ',')
      e.in.emplace_back();
    else
      e.in.back() += c;
  }
  for (const std::string& term : e.in) check_term(term, step);
  if (arrow != std::string::npos) {
    e.out = text.substr(arrow + 2);
  } else {
    // Without a right side: the letters that stand once, in alphabetical order.
    for (char c : left)
      if (c != ',' && std::count(left.begin(), left.end(), c) == 1) e.out += c;
    std::sort(e.out.begin(), e.out.end());
  }
  check_term(e.out, step);
  for (char c : e.out)
    require(holds(left, c), "{} has the axis '{}' in its result alone; export the model again", step.what(),
            c);
  return e;
}

class Einsum {
 public:
  Einsum(Builder& builder, const Step& step, const Origin& origin) : part_{builder, step, origin} {}

  Operand run() {
    const Step& step = part_.step;
    const Equation e = equation_of(step);
    require(e.in.size() == step.in.size() && e.in.size() <= 2,
            "{} joins {} tensors by {} terms, and tacit one or two; write it as products of two", step.what(),
            step.in.size(), e.in.size());
    std::vector<Labelled> terms;
    for (std::size_t i = 0; i < e.in.size(); ++i) {
      require(step.has(i), "{} lacks its input {}", step.what(), i + 1);
      terms.push_back({step.in[i], e.in[i]});
      learn(terms.back());
    }
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const std::string& other = terms.size() == 2 ? terms[1 - i].labels : "";
      sum_out(terms[i], chosen(terms[i].labels, [&](char c) { return holds(e.out, c) || holds(other, c); }),
              fmt::format("sum{}", i + 1));
    }
    return terms.size() == 1 ? arranged(terms[0], e.out) : product(terms[0], terms[1], e.out);
  }

 private:
  void learn(const Labelled& t) {
    const Shape &one = part_.builder.shape(t.x), &two = part_.builder.shape_of_two(t.x);
    require(one.size() == t.labels.size(), "{} names {} axes of a tensor of shape {}", part_.step.what(),
            t.labels.size(), to_string(one));
    for (std::size_t i = 0; i < one.size(); ++i) {
      const auto [at, fresh] = extents_.try_emplace(t.labels[i], Extent{one[i], two[i]});
      require(fresh || (at->second.one == one[i] && at->second.two == two[i]),
              "{} joins axes of {} and {} under the letter '{}'", part_.step.what(), at->second.one, one[i],
              t.labels[i]);
    }
  }

  Shape shape(const std::string& labels, bool two) const {
    Shape out;
    for (char c : labels) out.push_back(two ? extents_.at(c).two : extents_.at(c).one);
    return out;
  }

  /// Only these axes: the others are summed over.
  void sum_out(Labelled& t, const std::string& kept, const std::string& suffix) {
    if (kept == t.labels) return;
    const std::string gone = chosen(t.labels, [&](char c) { return !holds(kept, c); });
    t.x = part_.builder.emit(
        helper(part_.step, "ReduceSum", suffix,
               {t.x, known_integers(part_.step.out.at(0) + "." + suffix + ".axes", places(gone, t.labels))},
               {{"keepdims", std::int64_t{0}}}));
    t.labels = kept;
  }

  Operand arranged(const Labelled& t, const std::string& out) const {
    return part_.transposed(t.x, places(out, t.labels), "order");
  }

  /// The axes in groups, each group of several as one.
  Operand grouped(const Labelled& t, const std::string& lead, const std::string& rows,
                  const std::string& columns, const std::string& suffix) const {
    const Operand ordered = part_.transposed(t.x, places(lead + rows + columns, t.labels), suffix + ".order");
    const auto form = [&](bool two) {
      Shape out = shape(lead, two);
      out.push_back(elements(shape(rows, two)));
      out.push_back(elements(shape(columns, two)));
      return out;
    };
    return part_.reshaped(ordered, form(false), form(true), suffix + ".form");
  }

  Operand product(const Labelled& a, const Labelled& b, const std::string& out) {
    const auto in_a = [&](char c) { return holds(a.labels, c); };
    const auto in_b = [&](char c) { return holds(b.labels, c); };
    const std::string lead = chosen(out, [&](char c) { return in_a(c) && in_b(c); });
    const std::string left = chosen(out, [&](char c) { return !in_b(c); });
    const std::string right = chosen(out, [&](char c) { return !in_a(c); });
    const std::string inner = chosen(a.labels, [&](char c) { return in_b(c) && !holds(out, c); });
    const Operand y = part_.builder.emit(
        helper(part_.step, "MatMul", "product",
               {grouped(a, lead, left, inner, "left"), grouped(b, lead, inner, right, "right")}));
    const std::string labels = lead + left + right;
    const Operand spread = part_.reshaped(y, shape(labels, false), shape(labels, true), "axes");
    return arranged({spread, labels}, out);
  }

  Part part_;
  std::map<char, Extent> extents_;
};

}  // namespace

Operand lower_einsum(Builder& builder, const Step& step, const Origin& origin) {
  return Einsum(builder, step, origin).run();
}

Operand lower_matmul(Builder& builder, Step step, const Origin& origin) {
  require(step.has(0) && step.has(1), "{} lacks a factor", step.what());
  const bool row = builder.shape(step.in[0]).size() == 1, column = builder.shape(step.in[1]).size() == 1;
  if (!row && !column) return builder.emit(step);
  const Part part{builder, step, origin};
  const auto with_one = [&](std::size_t i, bool before, std::string_view suffix) {
    Shape one = builder.shape(step.in[i]), two = builder.shape_of_two(step.in[i]);
    for (Shape* s : {&one, &two}) s->insert(before ? s->begin() : s->end(), 1);
    return part.reshaped(step.in[i], one, two, suffix);
  };
  const Operand a = row ? with_one(0, true, "row") : step.in[0];
  const Operand b = column ? with_one(1, false, "column") : step.in[1];
  const Operand y = builder.emit(helper(step, "MatMul", "matrices", {a, b}));
  std::vector<std::int64_t> gone;
  if (row) gone.push_back(-2);
  if (column) gone.push_back(-1);
  return part.last(helper(step, "Squeeze", "result", {y, known_integers(step.out.at(0) + ".axes", gone)}));
}

// A row of bits for each place, and one matrix product of all rows: the table is read whole, so that nobody
// learns which rows were wanted.
Operand lower_embedding(Builder& builder, const Step& step, const Origin& origin) {
  require(step.has(0), "{} lacks its table", step.what());
  const Operand &table = step.in[0], &at = step.in[1];
  const Shape rows = builder.shape(table);
  require(rows.size() == 2 && axis_of(step.attrs.integer("axis", 0), 2) == 0 &&
              rows == builder.shape_of_two(table),
          "{} takes elements along an axis of a tensor of shape {} at places that come from data; tacit does "
          "so for "
          "the rows of a table of two axes alone, so make the places a constant, or use OneHot and MatMul",
          step.what(), to_string(rows));
  const Part part{builder, step, origin};
  const Shape one = builder.shape(at), two = builder.shape_of_two(at);
  const Operand flat = part.reshaped(at, {elements(one)}, {elements(two)}, "places");
  const Operand bits = builder.emit(
      helper(step, "OneHot", "bits", {flat},
             {{"depth", static_cast<std::int64_t>(rows[0])}, {"values", std::vector<double>{0, 1}}}));
  Step product = helper(step, "MatMul", "rows", {bits, table});
  if (one.size() == 1) return part.last(std::move(product));
  Shape out = one, out_of_two = two;
  out.push_back(rows[1]);
  out_of_two.push_back(rows[1]);
  return part.reshaped(builder.emit(product), out, out_of_two, "result");
}

}  // namespace tacit::nn::onnx_io
