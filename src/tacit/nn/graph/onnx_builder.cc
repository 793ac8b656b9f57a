#include "tacit/nn/graph/onnx_builder.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"
#include "tacit/nn/graph/onnx_fold.h"

namespace tacit::nn::onnx_io {

namespace {

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Element result_element(const Step& step) {
  if (one_of(step.op, {"And", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual",
                       "Not", "Or", "Xor"}))
    return Element::Bool;
  if (one_of(step.op, {"ArgMax", "ArgMin", "NonZero"})) return Element::Int;
  if (step.op == "OneHot") return step.has(2) ? step.in[2].element : Element::Float;
  return step.in.empty() ? Element::Float : step.in[step.op == "Where" && step.in.size() > 1 ? 1 : 0].element;
}

bool same(const Operand& x) {
  return x.weight || x.one == x.two || (x.one->shape == x.two->shape && x.one->values == x.two->values);
}

/// Along which axis `two` is `one`, once for each of two examples; nothing if it is not.
std::optional<std::size_t> repeated_axis(const Tensor& one, const Tensor& two) {
  if (one.shape.size() != two.shape.size() || two.values.size() != 2 * one.values.size()) return std::nullopt;
  const auto at = std::mismatch(one.shape.begin(), one.shape.end(), two.shape.begin());
  if (at.first == one.shape.end() || *at.first != 1 || *at.second != 2) return std::nullopt;
  const auto axis = static_cast<std::size_t>(at.first - one.shape.begin());
  const std::size_t inner = row_major_strides(one.shape)[axis];
  for (std::size_t i = 0; i < two.values.size(); ++i)
    if (two.values[i] != one.values[i / (2 * inner) * inner + i % inner]) return std::nullopt;
  return axis;
}

void check_size(const Shape& shape, const Step& step) {
  for (std::size_t d : shape)
    require(d < (std::size_t{1} << 31), "{} gives a tensor of shape {}, which is too large", step.what(),
            to_string(shape));
  require(shape.size() <= 16 && elements(shape) <= (std::size_t{1} << 36),
          "{} gives a tensor of shape {}, which is too large", step.what(), to_string(shape));
}

/// Where a softmax takes a score as none: infinite in some files, the largest of its type in others. Beside
/// any score this gives 0, and fixed point holds it with any digits.
constexpr double kNoScore = -10000;

/// Whether an operand of a sum or a choice that only a softmax reads leaves out some scores.
bool masks(const Operand& x, const Step& step) {
  const auto none = [](double v) { return v < kNoScore; };
  return step.to_softmax && one_of(step.op, {"Add", "Where"}) && x.numbers() &&
         std::any_of(x.first()->values.begin(), x.first()->values.end(), none);
}
TensorPtr as_mask(const TensorPtr& t) {
  Tensor out = *t;
  for (double& v : out.values) v = std::max(v, kNoScore);
  return std::make_shared<const Tensor>(std::move(out));
}

Attr as_attribute(const KnownInput& k, const Tensor& t, const Step& step) {
  const std::string what = fmt::format("the input '{}' of {}", k.name, step.what());
  using Form = KnownInput::Form;
  if (k.form == Form::Reals) return t.values;
  if (k.form == Form::Integers) return integers_of(t, what);
  require(t.values.size() == 1, "{} must be one number, not {}", what, to_string(t.shape));
  if (k.form == Form::Integer) return integers_of(t, what)[0];
  return t.values[0];
}

}  // namespace

bool broadcasts(std::string_view op) {
  return one_of(op, {"Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max",
                     "Min", "Mul", "Or", "Pow", "Sub", "Sum", "Where"});
}

std::optional<std::size_t> axis_of_examples(const Operand& x) {
  return x.is == Operand::Is::Known && !same(x) ? repeated_axis(*x.one, *x.two) : std::nullopt;
}

TensorPtr numbers_of(const Operand& x, const Step& step, std::string_view input) {
  require(x.numbers(),
          "{} takes its '{}' from data, and it must be known before the model runs; make it a constant",
          step.what(), input);
  require(same(x),
          "{} takes its '{}' from the size of the batch; make it a constant that holds for every batch",
          step.what(), input);
  return x.first();
}

Operand Builder::input(const std::string& name, Element element, Shape one, Shape two) {
  const bool batch = element == Element::Float && !one.empty() && one != two;
  Operand out{Operand::Is::Live,
              name,
              element,
              nullptr,
              nullptr,
              graph_.add_input(clean(name), std::move(one)),
              false};
  two_.add_input(name, std::move(two));
  if (batch && !batch_) batch_ = out;
  return out;
}

const Shape& Builder::shape(const Operand& x) const {
  if (x.weight) return x.weight->shape();
  return x.is == Operand::Is::Live ? graph_.values[x.id].shape : x.one->shape;
}
const Shape& Builder::shape_of_two(const Operand& x) const {
  if (x.weight) return x.weight->shape();
  return x.is == Operand::Is::Live ? two_.values[x.id].shape : x.two->shape;
}

void Builder::spend(std::uint64_t numbers) {
  require(numbers <= budget_, "the model computes too many constants; simplify it before the export");
  budget_ -= numbers;
}

Operand Builder::fold(const Step& step, TensorPtr (*pick)(const Operand&)) {
  std::vector<TensorPtr> held;
  std::vector<const Tensor*> in;
  std::uint64_t numbers = 1;
  for (const Operand& x : step.in) {
    held.push_back(x.present() ? pick(x) : nullptr);
    in.push_back(held.back().get());
    if (in.back() != nullptr) numbers += in.back()->values.size();
  }
  spend(numbers);
  try {
    Operand out = known(step.out.at(0), fold_function(step.op)({in, step.attrs, step.value.get()}));
    spend(out.one->values.size());
    return out;
  } catch (const UsageError& e) { throw UsageError(fmt::format("{}: {}", step.what(), e.what())); }
}

Operand Builder::folded(const Step& step) {
  Operand out = fold(step, [](const Operand& x) { return x.first(); });
  if (!std::all_of(step.in.begin(), step.in.end(), [](const Operand& x) { return !x.present() || same(x); }))
    out.two = fold(step, [](const Operand& x) { return x.second(); }).one;
  if (step.in.empty() || step.in[0].is != Operand::Is::Weight) return out;
  Operand arranged = weight(step.in[0].name, Weight(*out.one));
  arranged.sole_use = step.in[0].sole_use;
  return arranged;
}

Operand Builder::shape_constant(const Step& step) {
  const auto numbers = [&step](const Shape& shape) {
    Tensor t{Element::Int, {}, {}};
    if (step.op == "Size") {
      t.values.push_back(static_cast<double>(elements(shape)));
      return t;
    }
    const auto rank = static_cast<std::int64_t>(shape.size());
    const auto place = [rank](std::int64_t i) {
      return std::clamp(i < 0 ? i + rank : i, std::int64_t{0}, rank);
    };
    const std::int64_t end = place(step.attrs.integer("end", rank));
    for (std::int64_t i = place(step.attrs.integer("start", 0)); i < end; ++i)
      t.values.push_back(static_cast<double>(shape[static_cast<std::size_t>(i)]));
    t.shape = {t.values.size()};
    return t;
  };
  Operand out = known(step.out.at(0), numbers(shape(step.in[0])));
  out.two = std::make_shared<const Tensor>(numbers(shape_of_two(step.in[0])));
  return out;
}

/// Whether all is known, or only arranges a weight that nothing else reads.
bool Builder::folds(const Step& step) const {
  if (fold_function(step.op) == nullptr) return false;
  const auto fixed = [](const Operand& x) { return x.is == Operand::Is::Known; };
  if (std::all_of(step.in.begin(), step.in.end(), [&](const Operand& x) { return !x.present() || fixed(x); }))
    return true;
  const Operand& first = step.in[0];
  return first.is == Operand::Is::Weight && first.sole_use && only_arranges(step.op) &&
         std::all_of(step.in.begin() + 1, step.in.end(),
                     [&](const Operand& x) { return fixed(x) && same(x); });
}

Operand Builder::emit(const Step& step) {
  const bool shape = step.op == "Shape" || step.op == "Size";
  require(!shape || (step.in.size() == 1 && step.in[0].present()), "{} needs one input", step.what());
  const Op* op = find_op(step.op);
  const bool lost = std::any_of(step.in.begin(), step.in.end(),
                                [](const Operand& x) { return x.is == Operand::Is::Missing; });
  if (!lost && shape) return shape_constant(step);
  if (!lost && folds(step)) return folded(step);
  if (!lost && op != nullptr) return live(step, *op);
  // What would be computed here but for an operator before it is not at fault itself.
  if (op == nullptr && !(lost && (shape || fold_function(step.op) != nullptr))) ++missing_[step.op];
  Operand out;
  out.is = Operand::Is::Missing;
  out.name = step.out.at(0);
  return out;
}

ValueId Builder::constant(const Operand& x, const Step& step) {
  const bool once = broadcasts(step.op) && axis_of_examples(x);
  TensorPtr t = once ? x.one : numbers_of(x, step, printable(x.name));
  if (masks(x, step)) t = as_mask(t);
  if (const auto v = out_of_bounds(t->values))
    throw UsageError(fmt::format(
        "the constant '{}' that {} reads holds {}, which fixed point cannot; use a finite number, "
        "as small as will do",
        printable(x.name), step.what(), *v));
  two_.add_constant(x.name, {t->shape, {}});
  return graph_.add_constant(clean(x.name), {t->shape, t->values});
}

ValueId Builder::value(const Operand& x, const Step& step) {
  if (x.is == Operand::Is::Absent) return kNoValue;
  if (x.is == Operand::Is::Live) return x.id;
  // A mask is no weight, and what it is turned into is for the softmax alone.
  const bool mask = masks(x, step), fixed = mask || x.is == Operand::Is::Known;
  const std::pair key(fixed ? Operand::Is::Known : x.is, mask ? x.name + " as a mask" : x.name);
  if (const auto at = placed_.find(key); at != placed_.end()) return at->second;
  if (fixed) return placed_[key] = constant(x, step);
  if (const auto v = x.weight->out_of_bounds())
    throw UsageError(fmt::format("the weight '{}' holds {}; train the model again, from finite numbers",
                                 printable(x.name), *v));
  two_.add_parameter(x.name, {x.weight->shape(), {}});
  const ValueId id = graph_.add_parameter(clean(x.name), {x.weight->shape(), {}});
  weights_[id] = x.weight;
  return placed_[key] = id;
}

void Builder::give_numbers() {
  for (auto& [id, weight] : weights_) weight->give(graph_.values[id], weight.use_count() == 1);
  weights_.clear();
}

std::optional<ValueId> Builder::parameter(const std::string& weight) const {
  const auto at = placed_.find({Operand::Is::Weight, weight});
  return at == placed_.end() ? std::nullopt : std::optional(at->second);
}

void Builder::forget_from(ValueId first) {
  weights_.erase(weights_.lower_bound(first), weights_.end());
  for (Graph* g : {&graph_, &two_}) {
    while (!g->nodes.empty() && g->nodes.back().output >= first) g->nodes.pop_back();
    while (g->values.size() > first) g->values.pop_back();
  }
}

Operand Builder::live(const Step& step, const Op& op) {
  Attrs attrs = step.attrs;
  std::vector<Operand> in = step.in;
  for (const KnownInput& k : known_inputs_of(step.op)) {
    if (k.index >= in.size() || !in[k.index].present()) continue;
    const TensorPtr t = numbers_of(in[k.index], step, k.name);
    const Attr value = as_attribute(k, *t, step);
    // As if no axes were given; an attribute cannot say so.
    if (step.op.starts_with("Reduce") && t->values.empty()) {
      in[k.index] = Operand();
      continue;
    }
    if (k.index < op.max_inputs) {
      in[k.index] = known(in[k.index].name, *t);  // a weight here would be trained
    } else {
      attrs.set(k.name, value);
      // Indices may have any shape, and attributes have none.
      if (step.op == "Gather")
        attrs.set("indices_shape", std::vector<std::int64_t>(t->shape.begin(), t->shape.end()));
      in[k.index] = Operand();
    }
  }
  while (!in.empty() && !in.back().present()) in.pop_back();
  std::vector<ValueId> ids;
  for (const Operand& x : in) ids.push_back(value(x, step));
  // An error here names the node itself.
  const ValueId id = graph_.add_node(op, clean(step.name), ids, attrs);
  try {
    check_size(graph_.values[id].shape, step);
    graph_.values[id].name = clean(step.out.at(0));
    try {
      two_.add_node(op, step.name, ids, attrs);
    } catch (const UsageError& e) {
      throw UsageError(fmt::format("{} works for one example at a time only, and training needs batches: {}",
                                   step.what(), e.what()));
    }
    check_size(two_.values[id].shape, step);
  } catch (const UsageError&) {
    forget_from(id);
    throw;
  }
  return {Operand::Is::Live, step.out.at(0), result_element(step), nullptr, nullptr, id, false};
}

}  // namespace tacit::nn::onnx_io
