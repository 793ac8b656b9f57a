// Whole trainings on full MNIST, private and in the clear: accuracy, and how long five epochs take. The four
// files of MNIST are looked for in --data (docs/data.md says how to get them) and checked by their digests.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "networks.h"
#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/data/encode.h"
#include "tacit/job/score.h"
#include "tacit/mpc/protocols/plain/engine.h"
#include "tacit/ring/codec.h"
#include "tacit/secret/gate.h"
#include "three_parties.h"

namespace tacit::bench {

namespace {

using nlohmann::json;

struct File {
  const char* name;
  const char* digest;
};
constexpr File kFiles[] = {
    {"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
    {"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
    {"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
    {"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}};

std::filesystem::path checked(const std::filesystem::path& folder, const File& file) {
  std::filesystem::path path = folder / file.name;
  if (!std::filesystem::exists(path)) {
    std::string dotted = file.name;
    dotted[dotted.find("-idx")] = '.';
    path = folder / dotted;
  }
  std::ifstream in(path, std::ios::binary);
  require(in.good(), "MNIST's file {} is not in '{}': see docs/data.md", file.name, folder.string());
  std::ostringstream all;
  all << in.rdbuf();
  require(to_hex(sha256(bytes_of(all.str()))) == file.digest,
          "'{}' is not the file of MNIST that is meant: its digest differs", path.string());
  return path;
}

struct Images {
  std::size_t rows = 0;
  std::vector<double> x, y;
};

Images load(const std::filesystem::path& images, const std::filesystem::path& labels) {
  Schema schema;
  schema.array = NumberRange{0, 255, Scaling::Unit};
  schema.shape = {1, 28, 28};
  CategoryCoding digits;
  for (char d = '0'; d <= '9'; ++d) digits.values.push_back(std::string(1, d));
  schema.label = Column{"digit", digits};
  Dataset d = load_dataset({.features = images, .labels = labels}, schema);
  return {d.examples.rows, std::move(d.examples.features), std::move(d.examples.targets)};
}

/// Rows as shares, without an owner: components 0 and 1 from seeds, 2 what remains.
struct SplitImages {
  std::size_t rows;
  SecretBytes seeds[2];
  Words rest;

  explicit SplitImages(const Images& from) : rows(from.rows), rest(from.rows * 794) {
    for (auto& s : seeds) s = os_entropy(16);
    const Prg first(seeds[0].bytes(), detect_isa()), second(seeds[1].bytes(), detect_isa());
    std::vector<Word> a(794), b(794);
    Word* to = rest.data();
    for (std::size_t r = 0; r < rows; ++r, to += 794) {
      first.fill(0, r * 794, a);
      second.fill(0, r * 794, b);
      for (std::size_t i = 0; i < 784; ++i) to[i] = encode_fixed(from.x[r * 784 + i], 16) - a[i] - b[i];
      for (std::size_t i = 0; i < 10; ++i)
        to[784 + i] = encode_fixed(from.y[r * 10 + i], 16) - a[784 + i] - b[784 + i];
    }
  }
};

class SplitExamples final : public nn::Examples {
 public:
  SplitExamples(const SplitImages& images, Shape shape, std::size_t self)
      : images_(images), shape_(std::move(shape)), self_(self) {
    for (const auto& s : images.seeds) prgs_.emplace_back(s.bytes(), detect_isa());
  }
  std::size_t rows() const override { return images_.rows; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    Shape shape = shape_;
    shape[0] = rows.size();
    std::vector<RingTensor> x, y;
    std::vector<Word> row(794);
    for (std::size_t c : {self_, (self_ + 1) % 3}) {
      x.emplace_back(shape);
      y.emplace_back(Shape{rows.size(), 10});
      Word *xs = x.back().data(), *ys = y.back().data();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (c < 2)
          prgs_[c].fill(0, rows[i] * 794, row);
        else
          std::copy_n(images_.rest.data() + rows[i] * 794, 794, row.data());
        std::copy_n(row.data(), 784, xs + i * 784);
        std::copy_n(row.data() + 784, 10, ys + i * 10);
      }
    }
    return {fn::adopt(ctx, std::move(x), shape), fn::adopt(ctx, std::move(y), {rows.size(), 10})};
  }

 private:
  const SplitImages& images_;
  Shape shape_;
  std::size_t self_;
  std::vector<Prg> prgs_;
};

class PlainExamples final : public nn::Examples {
 public:
  PlainExamples(const Images& images, Shape shape) : images_(images), shape_(std::move(shape)) {}
  std::size_t rows() const override { return images_.rows; }
  Batch batch(fn::Ctx& ctx, std::span<const std::size_t> rows) override {
    PublicTensor x{shape_, {}}, y{{rows.size(), 10}, {}};
    x.shape[0] = rows.size();
    for (std::size_t r : rows) {
      x.values.insert(x.values.end(), images_.x.begin() + static_cast<long>(r * 784),
                      images_.x.begin() + static_cast<long>((r + 1) * 784));
      y.values.insert(y.values.end(), images_.y.begin() + static_cast<long>(r * 10),
                      images_.y.begin() + static_cast<long>((r + 1) * 10));
    }
    return {fn::constant(ctx, x), fn::constant(ctx, y)};
  }

 private:
  const Images& images_;
  Shape shape_;
};

nn::TrainSettings settings(std::string_view name) {
  nn::TrainSettings s;
  s.epochs = 5;
  s.batch = 128;
  s.optimiser.rate = 0.2;
  if (name == "C") s.optimiser.schedule = "cosine";
  return s;
}

double accuracy_of(fn::Ctx& ctx, const nn::Graph& graph, const nn::Parameters& parameters,
                   nn::Examples& test) {
  Score score(Metric::Accuracy);
  std::vector<std::size_t> rows;
  for (std::size_t begin = 0; begin < test.rows(); begin += 500) {
    rows.clear();
    for (std::size_t r = begin; r < std::min(test.rows(), begin + 500); ++r) rows.push_back(r);
    const auto batch = test.batch(ctx, rows);
    const Secret<Real> inputs[] = {batch.features};
    score.add(ctx, nn::forward(ctx, graph, parameters, inputs)[0], batch.targets);
  }
  std::vector<std::string> everyone{"alpha", "beta", "gamma"};
  everyone.resize(ctx.mpc.component_sets().size());
  RevealPolicy policy({{"metric", everyone, "the benchmark's result", 1}}, everyone);
  Ledger ledger;
  const auto told = Gate::reveal(ctx.mpc, ledger, score.sum(ctx), policy.permit("metric")).opened;
  return score.value(told->values.at(0), test.rows());
}

void accuracy(Context& c, std::string_view name) {
  require(
      !c.data.empty(),
      "this benchmark trains on full MNIST: name its folder with --data (docs/data.md says how to get it)");
  const Images train = load(checked(c.data, kFiles[0]), checked(c.data, kFiles[1]));
  const Images test = load(checked(c.data, kFiles[2]), checked(c.data, kFiles[3]));
  const nn::Graph graph = network(name);
  const Shape shape = graph.values[graph.inputs[0]].shape;
  std::vector<json> all;
  {
    const SplitImages split_train(train), split_test(test);
    all = on_three_parties(c, "lan", 1, [&](Seat& s) -> json {
      fn::Ctx ctx{s.engine, 16};
      SplitExamples examples(split_train, shape, s.self()), held_out(split_test, shape, s.self());
      nn::Parameters parameters = nn::initial_parameters(ctx, graph);
      const auto begin = std::chrono::steady_clock::now();
      nn::train(ctx, graph, parameters, examples, settings(name), {});
      const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      return {{"seconds", seconds}, {"accuracy", accuracy_of(ctx, graph, parameters, held_out)}};
    });
  }
  const std::string prefix = "accuracy." + std::string(name);
  c.add(prefix + ".private", 100 * all[0].at("accuracy").get<double>(),
        "% of 10,000 test images after 5 epochs");
  c.add(prefix + ".seconds", all[0].at("seconds").get<double>(), "s for 5 epochs");
  Workers workers(0);
  plain::DoubleEngine engine(Compute{ring_kernels(detect_isa()), workers});
  fn::Ctx ctx{engine, 16};
  PlainExamples examples(train, shape), held_out(test, shape);
  nn::Parameters parameters = nn::initial_parameters(ctx, graph);
  nn::train(ctx, graph, parameters, examples, settings(name), {});
  c.add(prefix + ".clear", 100 * accuracy_of(ctx, graph, parameters, held_out), "% in double precision");
}

void a(Context& c) { accuracy(c, "A"); }
void net_c(Context& c) { accuracy(c, "C"); }

}  // namespace

std::vector<Benchmark> accuracy_benchmarks() {
  return {{"accuracy.A", "five epochs of network A on full MNIST (needs --data)", a, true},
          {"accuracy.C", "five epochs of LeNet on full MNIST (needs --data)", net_c, true}};
}

}  // namespace tacit::bench
