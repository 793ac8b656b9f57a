// ONNX files that are damaged, hostile or beyond what tacit reads: one clear sentence each, and never a
// crash.
#include <gtest/gtest.h>

#include <fstream>

#include "tacit/nn/graph/onnx_export.h"
#include "tacit/nn/testing/onnx_models.h"

namespace tacit::nn {
namespace {

using namespace tacit::testing;

class OnnxFile : public ::testing::Test {
 protected:
  std::string error(const Model& model, ImportOptions options = {}) {
    return usage_error(folder_, [&] { model.import(folder_, options); });
  }
  std::string error_of(std::string_view bytes) {
    return usage_error(folder_, [&] { import_onnx(folder_.write("m.onnx", bytes)); });
  }
  /// y = x · w, for x of three numbers.
  static Model product(::onnx::TensorProto w) {
    Model m;
    m.input("x", {0, 3}).output("y").hold(std::move(w)).node("MatMul", {"x", "w"}, {"y"});
    return m;
  }
  Numbers weights(const Model& m) {
    const Graph g = m.import(folder_);
    return g.values[g.parameters().at(0)].initial.values;
  }
  ScratchFolder folder_;
};

std::string raw(const auto& values) {
  return std::string(text_of(bytes_of(std::span(values.data(), values.size()))));
}

TEST_F(OnnxFile, WhatIsNoModelIsRefused) {
  EXPECT_EQ(usage_error(folder_, [&] { import_onnx(folder_.path("none.onnx")); }),
            "the model 'none.onnx' does not exist; check the path");
  EXPECT_EQ(usage_error(folder_, [&] { import_onnx(folder_.path("")); }).substr(0, 9), "the model");
  EXPECT_EQ(error_of(""), "the model 'm.onnx' is empty; export it again");
  EXPECT_EQ(error_of("age,income\n1,2\n"),
            "the model 'm.onnx' is no ONNX file, or is damaged or cut short; export it again");
  Model m(6);
  m.output("y");
  EXPECT_EQ(error(m),
            "the model 'm.onnx' uses operator set 6, and tacit reads 7 to 21; export it with opset 17");
  m.proto.mutable_opset_import(0)->set_version(22);
  EXPECT_EQ(error(m),
            "the model 'm.onnx' uses operator set 22, and tacit reads 7 to 21; export it with opset 17");
  m.proto.clear_opset_import();
  EXPECT_EQ(error(m),
            "the model 'm.onnx' does not say which operator set it uses; export it again, with opset 17");
  m.proto.set_ir_version(2);
  EXPECT_EQ(error(m),
            "the model 'm.onnx' is of ONNX's IR version 2, older than 3; export it with a current tool");
}

TEST_F(OnnxFile, LaterIrVersionsAreRead) {
  Model m = product(floats("w", {3, 1}, {1, 2, 3}));
  for (const int version : {3, 10, 99}) {
    m.proto.set_ir_version(version);
    EXPECT_EQ(weights(m), (Numbers{1, 2, 3})) << version;
  }
}

TEST_F(OnnxFile, EveryTypeIsRead) {
  using Type = ::onnx::TensorProto;
  const auto with_raw = [](int type, std::string bytes) {
    Type t = floats("w", {3, 1}, {});
    t.set_data_type(type);
    t.set_raw_data(std::move(bytes));
    return t;
  };
  const Numbers want{1.5, -2, 0.25};
  EXPECT_EQ(weights(product(with_raw(Type::FLOAT, raw(std::vector<float>{1.5f, -2, 0.25f})))), want);
  EXPECT_EQ(weights(product(with_raw(Type::DOUBLE, raw(want)))), want);
  const std::vector<std::uint16_t> halves{0x3e00, 0xc000, 0x3400}, brains{0x3fc0, 0xc000, 0x3e80};
  EXPECT_EQ(weights(product(with_raw(Type::FLOAT16, raw(halves)))), want);
  EXPECT_EQ(weights(product(with_raw(Type::BFLOAT16, raw(brains)))), want);
  Type fields = floats("w", {3, 1}, {});
  fields.set_data_type(Type::FLOAT16);
  for (auto h : halves) fields.add_int32_data(h);
  EXPECT_EQ(weights(product(fields)), want);
  const std::vector<std::uint16_t> small{0x0001, 0x8001, 0x03ff};  // below the smallest normal number
  EXPECT_EQ(weights(product(with_raw(Type::FLOAT16, raw(small)))), (Numbers{0x1p-24, -0x1p-24, 0x3ffp-24}));

  // Integers are constants of the formula.
  const auto integers_in = [&](int type, std::string bytes) {
    Model m = product(with_raw(type, std::move(bytes)));
    const Graph g = m.import(folder_);
    EXPECT_TRUE(g.parameters().empty());
    return g.values[g.nodes.at(0).inputs.at(1)].initial.values;
  };
  const Numbers ints{1, -2, 3};
  EXPECT_EQ(integers_in(Type::INT8, raw(std::vector<std::int8_t>{1, -2, 3})), ints);
  EXPECT_EQ(integers_in(Type::INT16, raw(std::vector<std::int16_t>{1, -2, 3})), ints);
  EXPECT_EQ(integers_in(Type::INT32, raw(std::vector<std::int32_t>{1, -2, 3})), ints);
  EXPECT_EQ(integers_in(Type::INT64, raw(std::vector<std::int64_t>{1, -2, 3})), ints);
  EXPECT_EQ(integers_in(Type::UINT8, raw(std::vector<std::uint8_t>{1, 255, 3})), (Numbers{1, 255, 3}));
  EXPECT_EQ(integers_in(Type::UINT16, raw(std::vector<std::uint16_t>{1, 65535, 3})), (Numbers{1, 65535, 3}));
  EXPECT_EQ(integers_in(Type::UINT32, raw(std::vector<std::uint32_t>{1, 4294967295, 3})),
            (Numbers{1, 4294967295, 3}));
  EXPECT_EQ(integers_in(Type::UINT64, raw(std::vector<std::uint64_t>{1, ~0ull, 3})), (Numbers{1, 0x1p53, 3}));
  EXPECT_EQ(integers_in(Type::BOOL, std::string("\0\1\2", 3)), (Numbers{0, 1, 1}));
}

TEST_F(OnnxFile, TensorsAreCheckedBeforeTheyAreBelieved) {
  const auto w = [](Integers dims, int numbers) { return floats("w", dims, Numbers(numbers, 1)); };
  EXPECT_EQ(error(product(w({3, 2}, 5))),
            "the tensor 'w' holds 5 numbers where its shape needs 6; export it again");
  EXPECT_EQ(error(product(w({-3, 2}, 6))), "the tensor 'w' has an axis of -3; export it again");
  EXPECT_EQ(error(product(w({1 << 30, 1 << 30}, 6))), "a tensor of shape 1073741824x1073741824 is too large");
  EXPECT_EQ(error(product(w({1 << 23, 1 << 23}, 6))),
            "the tensor 'w' holds 6 numbers where its shape needs 70368744177664; export it again");
  EXPECT_EQ(error(product(w(Integers(17, 1), 1))),
            "the tensor 'w' has 17 axes, more than any model needs; export it again");
  ::onnx::TensorProto t = w({3, 2}, 0);
  t.set_raw_data("abc");
  EXPECT_EQ(error(product(t)), "the tensor 'w' holds 3 bytes where its shape 3x2 needs 24; export it again");
  t.set_data_type(::onnx::TensorProto::STRING);
  EXPECT_EQ(
      error(product(t)),
      "the tensor 'w' has elements of ONNX's type 8, which tacit does not read; export the model in float32");
  Model unnamed;
  unnamed.input("x", {0, 3}).output("y");
  set(unnamed.node("Constant", {}, {"c"}), "value", floats("", {2}, {1}));
  unnamed.node("Add", {"x", "c"}, {"y"});
  EXPECT_EQ(error(unnamed),
            "the tensor of 'node_c' (Constant) holds 1 numbers where its shape needs 2; export it again");
  t = floats("w", {3, 1}, {1, NAN, 2});
  EXPECT_EQ(error(product(t)), "the weight 'w' holds nan; train the model again, from finite numbers");
}

class ExternalData : public OnnxFile {
 protected:
  static ::onnx::TensorProto outside(std::vector<std::pair<std::string, std::string>> entries) {
    ::onnx::TensorProto t = floats("w", {3, 1}, {});
    t.set_data_location(::onnx::TensorProto::EXTERNAL);
    for (auto& [key, value] : entries) {
      t.add_external_data()->set_key(key);
      t.mutable_external_data(t.external_data_size() - 1)->set_value(value);
    }
    return t;
  }
};

TEST_F(ExternalData, IsReadFromItsPlace) {
  const std::string numbers = raw(std::vector<float>{9, 1, 2, 3, 9});
  folder_.write("weights.bin", numbers);
  EXPECT_EQ(weights(product(outside({{"location", "weights.bin"}, {"offset", "4"}, {"length", "12"}}))),
            (Numbers{1, 2, 3}));
  EXPECT_EQ(weights(product(outside({{"location", "weights.bin"}, {"offset", "8"}, {"checksum", "x"}}))),
            (Numbers{2, 3, 9}));
  std::filesystem::create_directory(folder_.path("sub"));
  folder_.write("sub/weights.bin", numbers);
  EXPECT_EQ(weights(product(outside({{"location", "sub/../sub/weights.bin"}}))), (Numbers{9, 1, 2}));
}

TEST_F(ExternalData, StaysInItsFolderAndItsFile) {
  folder_.write("weights.bin", "0123456789ab");
  EXPECT_EQ(error(product(outside({{"location", "weights.bin"}, {"offset", "1"}}))),
            "'weights.bin' is too short for the tensor 'w': it has 12 bytes; copy it again");
  EXPECT_EQ(error(product(outside({{"location", "weights.bin"}, {"offset", "18446744073709551615"}}))),
            "'weights.bin' is too short for the tensor 'w': it has 12 bytes; copy it again");
  EXPECT_EQ(error(product(outside({{"location", "weights.bin"}, {"offset", "-4"}}))),
            "the tensor 'w' gives '-4' as a place in its file; export the model again");
  EXPECT_EQ(error(product(outside({{"location", "weights.bin"}, {"length", "8"}}))),
            "the tensor 'w' has 8 bytes in 'weights.bin' where its shape needs 12; export the model again");
  EXPECT_EQ(error(product(outside({{"offset", "0"}}))),
            "the tensor 'w' is said to lie in another file, but not in which; export the model again");
  EXPECT_EQ(error(product(outside({{"location", "none.bin"}}))),
            "the tensor 'w' should lie in 'none.bin', which is not beside the model; copy it there");
  EXPECT_EQ(
      error(product(outside({{"location", "."}}))),
      "the tensor 'w' is said to lie in '.', outside the model's folder; keep the data beside the model");
  std::filesystem::create_symlink("/etc", folder_.path("link"));
  for (const std::string way : {"../weights.bin", "/etc/hostname", "sub/../../x", "link/hostname", ".."})
    EXPECT_EQ(error(product(outside({{"location", way}}))),
              "the tensor 'w' is said to lie in '" + way +
                  "', outside the model's folder; keep the data beside the model");
}

TEST_F(OnnxFile, GraphsThatDoNotHoldTogetherAreRefused) {
  const auto base = [] {
    Model m;
    m.input("x", {0, 3}).output("y");
    return m;
  };
  Model m = base();
  EXPECT_EQ(error(m), "the output 'y' reads 'y', which nothing before it defines; export the model again");
  m.node("Relu", {"z"}, {"y"});
  EXPECT_EQ(error(m), "'node_y' (Relu) reads 'z', which nothing before it defines; export the model again");
  m = base();
  m.node("Relu", {"x"}, {"y"});
  m.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(error(m), "the model 'm.onnx' defines 'y' twice; export it again");
  m = base();
  m.node("Add", {"x", "y"}, {"y"});  // a circle
  EXPECT_EQ(error(m), "'node_y' (Add) reads 'y', which nothing before it defines; export the model again");
  m = base();
  m.node("Add", {"x"}, {"y"});
  EXPECT_EQ(error(m), "'node_y' (Add) takes 2 to 2 inputs, not 1");
  m = base();
  m.hold(floats("w", {4, 2}, Numbers(8, 1))).node("MatMul", {"x", "w"}, {"y"});
  EXPECT_TRUE(error(m).starts_with("'node_y' (MatMul): ")) << error(m);
  m = Model();
  m.node("Relu", {"x"}, {"y"});
  EXPECT_EQ(error(m), "the model 'm.onnx' has no output; export it again");
  m = Model();
  m.input("x", {0, 0, 8}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_EQ(error(m), "the input 'x' leaves its axis 2 open; export the model with a fixed size there");
  m = Model();
  m.input("x", {0, 1 << 30, 1 << 30}).output("y").node("Relu", {"x"}, {"y"});
  EXPECT_TRUE(error(m).ends_with("too large")) << error(m);
}

TEST_F(OnnxFile, SmallFilesCannotAskForMuchMemory) {
  Model m;
  m.input("x", {0, 3}).output("y").hold(integers("s", {2}, {1 << 20, 1 << 20}));
  m.node("ConstantOfShape", {"s"}, {"c"});
  m.node("Add", {"x", "c"}, {"y"});
  EXPECT_EQ(error(m),
            "'node_c' (ConstantOfShape): a constant of shape 1048576x1048576 is too large to compute while "
            "reading");
  Model doubling;
  doubling.input("x", {0, 3}).output("y").hold(integers("s", {1}, {1 << 20}));
  doubling.node("ConstantOfShape", {"s"}, {"c0"});
  for (int i = 0; i < 40; ++i) {
    const std::string c = "c" + std::to_string(i);
    set(doubling.node("Concat", {c, c}, {"c" + std::to_string(i + 1)}), "axis", std::int64_t{0});
  }
  doubling.node("Add", {"x", "c40"}, {"y"});
  EXPECT_TRUE(error(doubling).starts_with("the model computes too many constants") ||
              error(doubling).ends_with("too large to compute while reading"))
      << error(doubling);
}

/// A model with every kind of message that the import reads.
std::string small_file() {
  Model m(12);
  m.input("x", {0, 1, 4, 4}).output("y");
  m.hold(floats("w", {2, 1, 3, 3}, Numbers(18, 0.5)))
      .hold(floats("b", {2}, {1, 2}))
      .hold(integers("s", {2}, {1, -1}));
  set(m.node("Conv", {"x", "w", "b"}, {"c"}), "pads", Integers{1, 1, 1, 1});
  m.node("Shape", {"c"}, {"shape"});
  set(m.node("Constant", {}, {"zero"}), "value", integers("", {1}, {0}));
  m.node("Gather", {"shape", "zero"}, {"n"});
  set(m.node("Constant", {}, {"rest"}), "value", integers("", {1}, {-1}));
  set(m.node("Concat", {"n", "rest"}, {"form"}), "axis", std::int64_t{0});
  m.node("Reshape", {"c", "form"}, {"f"});
  set_real(m.node("Gemm", {"f", "g"}, {"y"}), "alpha", 0.5);
  m.hold(floats("g", {32, 1}, Numbers(32, 0.25)));
  return m.bytes();
}

/// Whatever the file: a graph, or one of the errors that name what is wrong.
void expect_graph_or_error(const std::filesystem::path& file) {
  try {
    import_onnx(file);
  } catch (const UsageError& e) { EXPECT_NE(std::string(e.what()), ""); }
}

TEST_F(OnnxFile, CutAtEveryLength) {
  const std::string whole = small_file();
  EXPECT_NO_THROW(import_onnx(folder_.write("whole.onnx", whole)));
  std::size_t refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) refused += error_of(whole.substr(0, n)) != "(no error)";
  EXPECT_EQ(refused, whole.size());
}

TEST_F(OnnxFile, ChangedAtEveryByte) {
  const std::string whole = small_file();
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string changed = whole;
      changed[i] = static_cast<char>(changed[i] ^ change);
      expect_graph_or_error(folder_.write("m.onnx", changed));
    }
}

/// Gives its bytes in pieces, and breaks at one of them.
class BrokenReader final : public ByteReader {
 public:
  BrokenReader(ByteView bytes, std::size_t breaks_at) : from_(bytes), good_(breaks_at) {}
  void read(ByteSpan out) override {
    if (out.size() > good_) throw CheatDetected("it broke");
    good_ -= out.size();
    from_.read(out);
  }

 private:
  MemoryReader from_;
  std::size_t good_;
};

std::string error_from(std::string_view bytes, std::uint64_t size) {
  const ScratchFolder folder;
  MemoryReader from(bytes_of(bytes));
  return usage_error(folder, [&] { import_onnx(from, size, "it"); });
}

TEST_F(OnnxFile, FromAReaderItIsTheSame) {
  const std::string whole = small_file();
  MemoryReader from(bytes_of(whole));
  const Graph read = import_onnx(from, whole.size(), "it"),
              file = import_onnx(folder_.write("m.onnx", whole));
  EXPECT_EQ(from.left(), 0u);
  const PublicTensor x = wave({3, 1, 4, 4});
  EXPECT_EQ(run(read, {x})[0].values, run(file, {x})[0].values);
  // Of more than one piece.
  Model large;
  large.input("x", {0, 3}).output("y").hold(floats("w", {3, 50000}, wave({150000}).values));
  large.node("MatMul", {"x", "w"}, {"y"});
  const std::string bytes = large.bytes();
  ASSERT_GT(bytes.size(), std::size_t{8} << 16);
  MemoryReader pieces(bytes_of(bytes));
  const Graph graph = import_onnx(pieces, bytes.size(), "it");
  EXPECT_EQ(graph.values[graph.parameters().at(0)].initial.values, weights(large));
  EXPECT_EQ(error_from("", 0), "the model 'it' is empty; export it again");
  EXPECT_NE(error_from(whole, whole.size() + 1).find(" bytes are left"),
            std::string::npos);  // the reader's word
  EXPECT_TRUE(error_from("x", std::uint64_t{1} << 31).starts_with("the model 'it' is larger than 2 GiB"));
  for (std::size_t n = 1; n < whole.size(); ++n)
    EXPECT_NE(error_from(whole.substr(0, n), n), "(no error)") << n;
}

TEST_F(OnnxFile, WhatAReaderThrowsIsThrownOn) {
  Model large;
  large.input("x", {0, 3}).output("y").hold(floats("w", {3, 50000}, wave({150000}).values));
  large.node("MatMul", {"x", "w"}, {"y"});
  const std::string bytes = large.bytes();
  for (const std::size_t good :
       {std::size_t{0}, std::size_t{1} << 16, std::size_t{5} << 16, bytes.size() - 1}) {
    BrokenReader from(bytes_of(bytes), good);
    EXPECT_THROW(import_onnx(from, bytes.size(), "it"), CheatDetected) << good;
  }
}

/// A file of its own is not read for a model that lies in none.
TEST_F(OnnxFile, WhatLiesInNoFileIsWhole) {
  auto w = floats("w", {3, 1}, {});
  w.clear_float_data();
  w.set_data_location(::onnx::TensorProto::EXTERNAL);
  w.add_external_data()->set_key("location");
  w.mutable_external_data(0)->set_value("w.bin");
  folder_.write("w.bin", std::string(12, '\0'));
  Model m = product(std::move(w));
  EXPECT_NO_THROW(m.import(folder_));
  EXPECT_EQ(
      error_from(m.bytes(), m.bytes().size()),
      "the tensor 'w' is said to lie in another file, and this model must be whole in itself; export it "
      "without external data");
}

}  // namespace
}  // namespace tacit::nn
