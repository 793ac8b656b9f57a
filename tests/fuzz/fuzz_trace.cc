// Leaked models, laid over an original and searched for customers; and databases of customers as somebody
// may have written them.
#include <cmath>

#include "fuzz.h"
#include "tacit/trace/leaked.h"
#include "tacit/trace/mark.h"
#include "tacit/trace/testing/traced_world.h"

namespace tacit::fuzz {

namespace {

/// A network of little, and its code.
struct Small {
  Small() : text(model().bytes()), original(read(text)), code(Bytes(32), trace::kFewestColluders) {}

  static testing::Model model() {
    testing::Model m;
    m.input("x", {0, 1, 4, 4}).output("y");
    m.hold(testing::floats("a", {3, 1, 3, 3}, testing::wave({27}).values));
    m.hold(testing::floats("b", {12, 5}, testing::wave({60}).values));
    m.hold(testing::floats("c", {5, 2}, testing::wave({10}).values));
    m.node("Conv", {"x", "a"}, {"ya"});
    m.node("Relu", {"ya"}, {"ra"});
    m.node("Flatten", {"ra"}, {"f"});
    m.node("MatMul", {"f", "b"}, {"yb"});
    m.node("Relu", {"yb"}, {"rb"});
    m.node("MatMul", {"rb", "c"}, {"y"});
    return m;
  }
  static trace::OriginalModel read(const std::string& text) {
    MemoryReader from(bytes_of(text));
    return {from, text.size(), "small"};
  }

  std::string text;
  trace::OriginalModel original;
  trace::Code code;
};
const Small& small() {
  static const Small s;
  return s;
}

void search(ByteView content) {
  const nn::Graph leaked = trace::import_leaked(content, "leaked");
  Workers workers(1);
  const trace::Aligned found = trace::align(small().original.layers(), trace::layers_of(leaked), workers);
  if (found.layers.size() != small().original.layers().size()) __builtin_trap();
  if (!(found.likeness >= -1.001 && found.likeness <= 1.001)) __builtin_trap();
  for (const double s : trace::symbols_of(small().original.layers(), found, small().code))
    if (!std::isfinite(s)) __builtin_trap();
}

/// Whatever is an original can be marked, and is read again.
void mark(ByteView content) {
  MemoryReader from(content);
  const trace::OriginalModel original(from, content.size(), "original");
  const auto word = small().code.word(Bytes(16));
  const std::string text = original.with(trace::changes_for(original.layers(), small().code, word));
  MemoryReader again(bytes_of(text));
  const trace::OriginalModel marked(again, text.size(), "marked");
  if (marked.layers().size() != original.layers().size()) __builtin_trap();
}

void read_database(ByteView content) {
  static const testing::ScratchFolder folder;
  for (const char* more : {"-wal", "-shm"})
    std::filesystem::remove(folder.path(std::string("customers.db") + more));
  const auto file = folder.write("customers.db", text_of(content));
  const trace::Customers customers(file, trace::Customers::Use::Read);
  customers.copies();
  for (const trace::TracedModel& m : customers.models()) {
    customers.holders(m.digest);
    customers.original(m, fixed_identity());
  }
}

std::string database() {
  const testing::ScratchFolder folder;
  {
    trace::Customers customers(folder.path("customers.db"), trace::Customers::Use::Write);
    customers.note(small().original, bytes_of(small().text), 2, "ACME", fixed_identity(), 1'800'000'000);
  }
  return testing::read_file(folder.path("customers.db"));
}

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 3;
  const ByteView rest = cursor.rest();
  if (what == 0) return search(rest);
  if (what == 1) return mark(rest);
  read_database(rest);
}

std::vector<std::string> seeds() {
  testing::Model bits;
  bits.input("x", {0, 2}).output("y");
  ::onnx::TensorProto w;
  w.set_name("w_q"), w.set_data_type(::onnx::TensorProto::INT8), w.add_dims(2), w.add_dims(2);
  for (const int v : {1, -2, 3, -4}) w.add_int32_data(v);
  bits.hold(w).hold(testing::floats("s", {}, {0.5}));
  bits.node("DequantizeLinear", {"w_q", "s"}, {"w"});
  bits.node("MatMul", {"x", "w"}, {"y"});
  return {'\0' + bits.bytes(), '\0' + small().text, '\1' + small().text, '\2' + database()};
}

}  // namespace tacit::fuzz
